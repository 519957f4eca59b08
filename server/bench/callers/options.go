//go:build linux

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server/bench/internal/peer"
)

// options are what the command line sets.
type options struct {
	rounds          int
	duration, pause time.Duration
	callers         []int
	languages       []string
	servers         []peer.Named

	callerList, languageList string // the values of --callers and --languages
}

// list returns the flags of callers.
func (o *options) list() flags.List {
	return flags.List{
		flags.New("rounds", flags.Int(&o.rounds, 1, 1000), "runs of each kind; the table shows their medians"),
		flags.New("duration", flags.Duration(&o.duration, time.Millisecond, time.Hour), "of a run, after a warm-up of 200 ms"),
		flags.New("callers", flags.Text(&o.callerList, "LIST"), "how many ask at once, each on a connection of its own; a list"),
		flags.New("languages", flags.Text(&o.languageList, "LIST"), "languages of the callers; library is the Go client library of this repository"),
		flags.New("pause", flags.Duration(&o.pause, 0, time.Second), "how long a caller computes between an answer and its next request"),
	}
}

func defaults() *options {
	return &options{
		rounds: 5, duration: 500 * time.Millisecond,
		callerList: "1,2,8,64", languageList: strings.Join(allLanguages, ","),
	}
}

// parseOptions parses a command line. Its errors are sentences for people.
func parseOptions(args []string) (options, error) {
	o := defaults()
	line, err := o.list().Parse(args)
	if err == nil {
		err = cmp.Or(o.setCallers(o.callerList), o.setLanguages(o.languageList), o.setServers(line.Words))
	}
	return *o, err
}

// usage returns the text of --help.
func usage() string {
	return `callers measures callers that wait for each answer, by language, against disrust, gonet
and the servers named.

  go run ./server/bench/callers [flags] [NAME='COMMAND {port}' ...]

Flags:
` + defaults().list().Help()
}

func (o *options) setCallers(list string) error {
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 10_000 {
			return fmt.Errorf("--callers %s: a whole number from 1 to 10000 is allowed", s)
		}
		o.callers = append(o.callers, n)
	}
	return nil
}

func (o *options) setLanguages(list string) error {
	o.languages = strings.Split(list, ",")
	for _, name := range o.languages {
		if !slices.Contains(allLanguages, name) {
			return fmt.Errorf("--languages %s: a list of %s is allowed", name, strings.Join(allLanguages, ", "))
		}
	}
	return nil
}

func (o *options) setServers(list []string) error {
	for _, s := range list {
		named, err := peer.ParseNamed(s)
		if err != nil {
			return err
		}
		o.servers = append(o.servers, named)
	}
	return nil
}
