//go:build linux

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/disrust/disrust/client/tools/flags"
)

// options are what the command line sets.
type options struct {
	rounds           int
	duration, warmup time.Duration
	works            []work
	peers            []contender
	json, html       string   // names of files to write; "": none
	disrust          []string // more flags for the daemon

	workList, peerList, flagList string // the values of --work, --peers and --disrust-flags
}

const (
	maxRounds   = 1000
	minTime     = time.Millisecond
	maxTime     = time.Hour
	defaultWork = "64x64,4x64,1x64,64x1,1x1,4x8x64,rate:half"
)

// list returns the flags of bench.
func (o *options) list() flags.List {
	return flags.List{
		flags.New("rounds", flags.Int(&o.rounds, 1, maxRounds), "turns of each peer at each work"),
		flags.New("duration", flags.Duration(&o.duration, minTime, maxTime), "of each turn, behind the warm-up"),
		flags.New("warmup", flags.Duration(&o.warmup, 0, maxTime), "of each turn, not measured"),
		flags.New("work", flags.Text(&o.workList, "LIST"), "list of CONNSxWINDOW[xVECTORS], rate:N in requests/s, and rate:half"),
		flags.New("peers", flags.Text(&o.peerList, "LIST"), "list of peers, of which the others are compared with the first; see below"),
		flags.New("json", flags.File(&o.json), "write all runs to the file"),
		flags.New("html", flags.File(&o.html), "write a page with charts to the file"),
		flags.New("disrust-flags", flags.Text(&o.flagList, "FLAGS"), "more flags of the daemon, such as '--batch-threads 1'"),
	}
}

func defaults() *options {
	return &options{
		rounds: 7, duration: 1500 * time.Millisecond, warmup: 400 * time.Millisecond,
		workList: defaultWork, peerList: strings.Join(names(), ","),
	}
}

// parseOptions parses a command line. Its errors are sentences for people.
func parseOptions(args []string) (options, error) {
	o := defaults()
	line, err := o.list().Parse(args)
	if err != nil {
		return *o, err
	}
	if len(line.Words) > 0 {
		return *o, fmt.Errorf("unexpected word %q: bench takes only flags (--help lists them)", line.Words[0])
	}
	o.disrust = strings.Fields(o.flagList)
	err = cmp.Or(o.setWorks(o.workList), o.setPeers(o.peerList))
	return *o, err
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

func (o *options) setPeers(list string) error {
	for name := range strings.SplitSeq(list, ",") {
		at := slices.IndexFunc(contenders, func(c contender) bool { return c.name == name })
		if at < 0 {
			return fmt.Errorf("--peers %s: a list of %s is allowed", name, strings.Join(names(), ", "))
		}
		if slices.ContainsFunc(o.peers, func(c contender) bool { return c.name == name }) {
			return fmt.Errorf("--peers: %s is listed twice", name)
		}
		o.peers = append(o.peers, contenders[at])
	}
	return nil
}

func names() []string {
	var list []string
	for _, c := range contenders {
		list = append(list, c.name)
	}
	return list
}

// usage returns the text of --help.
func usage() string {
	var b strings.Builder
	b.WriteString(`bench measures disrust side by side with what people use today.

  go run ./server/bench [flags]

Flags:
` + defaults().list().Help() + `
Peers, in the order in which they take part unless --peers says otherwise:
`)
	for _, c := range contenders {
		fmt.Fprintf(&b, "  %-12s %s\n", c.name, c.about)
	}
	b.WriteString("\nCtrl-C ends the benchmark and shows what was measured; a second one ends at once.\n")
	return b.String()
}
