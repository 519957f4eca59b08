//go:build linux

package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server/bench/internal/load"
	"github.com/disrust/disrust/server/bench/internal/peer"
)

// options are what the command line sets.
type options struct {
	rounds           int
	duration, warmup time.Duration
	works            []work
	peers            []contender
	json, html       string   // names of files to write; "": none
	model            string   // folder of a model to serve; "": the model sum
	disrust          []string // more flags for the daemon

	workList, peerList, flagList string // the values of --work, --peers and --disrust-flags
}

const (
	maxRounds   = 1000
	minTime     = time.Millisecond
	maxTime     = time.Hour
	defaultWork = "64x64,4x64,1x64,64x1,1x1,4x8x64,rate:half"
	servedWork  = "1x1,8x1,64x1,8x1x64" // with --model
)

// list returns the flags of bench.
func (o *options) list() flags.List {
	return flags.List{
		flags.New("rounds", flags.Int(&o.rounds, 1, maxRounds), "turns of each peer at each work"),
		flags.New("duration", flags.Duration(&o.duration, minTime, maxTime), "of each turn, behind the warm-up"),
		flags.New("warmup", flags.Duration(&o.warmup, 0, maxTime), "of each turn, not measured"),
		flags.New("work", flags.Text(&o.workList, "LIST"), "list of CONNSxWINDOW[xVECTORS], rate:N in requests/s, and rate:half; none: what suits --model"),
		flags.New("peers", flags.Text(&o.peerList, "LIST"), "list of peers, of which the others are compared with the first; none: all; see below"),
		flags.New("model", flags.Text(&o.model, "FOLDER"), "serve the model in the folder, which served/install.sh makes, from servers of models"),
		flags.New("json", flags.File(&o.json), "write all runs to the file"),
		flags.New("html", flags.File(&o.html), "write a page with charts to the file"),
		flags.New("disrust-flags", flags.Text(&o.flagList, "FLAGS"), "more flags of the daemon, such as '--batch-threads 1'"),
	}
}

func defaults() *options {
	return &options{
		rounds: 7, duration: 1500 * time.Millisecond, warmup: 400 * time.Millisecond,
	}
}

// parseOptions parses a command line. Its errors are sentences for people.
func parseOptions(args []string) (options, error) {
	o := defaults()
	line, err := o.list().Parse(args)
	if err != nil {
		return *o, err
	}
	o.disrust = strings.Fields(o.flagList)
	works, all := defaultWork, contenders
	if o.model != "" {
		if o.model, err = filepath.Abs(o.model); err != nil { // some servers change their folder
			return *o, err
		}
		works, all = servedWork, models(o.model).served()
	}
	err = cmp.Or(o.setWorks(cmp.Or(o.workList, works)), o.setPeers(cmp.Or(o.peerList, usual(all)), all), o.addNamed(line.Words))
	return *o, err
}

// addNamed adds the servers that the words of the command line name.
func (o *options) addNamed(words []string) error {
	for _, word := range words {
		named, err := peer.ParseNamed(word)
		if err != nil {
			return err
		}
		if slices.Contains(names(o.peers), named.Name) {
			return fmt.Errorf("%s: there is a server of this name already", named.Name)
		}
		o.peers = append(o.peers, contender{
			name: named.Name, about: strings.Join(named.Command, " "), drive: load.Wire, threads: true,
			prepare: func(*bench) ([]string, error) { return named.Command, nil },
		})
	}
	return nil
}

// usual lists the contenders that take part unless --peers says otherwise.
func usual(all []contender) string {
	return strings.Join(names(slices.DeleteFunc(slices.Clone(all), func(c contender) bool { return c.asked })), ",")
}

func (o *options) setWorks(list string) error {
	for s := range strings.SplitSeq(list, ",") {
		w, err := parseWork(s)
		if err != nil {
			return fmt.Errorf("--work: %w", err)
		}
		if slices.Contains(o.works, w) {
			return fmt.Errorf("--work: %v is listed twice", w)
		}
		o.works = append(o.works, w)
	}
	return nil
}

func (o *options) setPeers(list string, all []contender) error {
	for name := range strings.SplitSeq(list, ",") {
		at := slices.IndexFunc(all, func(c contender) bool { return c.name == name })
		if at < 0 {
			return fmt.Errorf("--peers %s: a list of %s is allowed", name, strings.Join(names(all), ", "))
		}
		if slices.ContainsFunc(o.peers, func(c contender) bool { return c.name == name }) {
			return fmt.Errorf("--peers: %s is listed twice", name)
		}
		o.peers = append(o.peers, all[at])
	}
	return nil
}

func names(all []contender) []string {
	var list []string
	for _, c := range all {
		list = append(list, c.name)
	}
	return list
}

// usage returns the text of --help.
func usage() string {
	var b strings.Builder
	b.WriteString(`bench measures disrust side by side with what people use today.

  go run ./server/bench [flags] [NAME='COMMAND {port}' ...]

NAME is a server of disrust's protocol that takes part behind the peers.

Flags:
` + defaults().list().Help() + `
Peers, in the order in which they take part unless --peers says otherwise:
`)
	describe(&b, contenders)
	b.WriteString("\nWith --model:\n")
	describe(&b, models("").served())
	b.WriteString("\nCtrl-C ends the benchmark and shows what was measured; a second one ends at once.\n")
	return b.String()
}

func describe(b *strings.Builder, all []contender) {
	for _, c := range all {
		fmt.Fprintf(b, "  %-15s %s", c.name, c.about)
		if c.asked {
			b.WriteString(" (only if --peers names it)")
		}
		b.WriteString("\n")
	}
}
