//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// options are what the command line says.
type options struct {
	rounds           int
	duration, warmup time.Duration
	works            []work
	peers            []contender
	json, html       string   // files; "": none
	disrust          []string // the daemon's flags
}

const (
	mostRounds  = 1000
	leastTime   = time.Millisecond
	mostTime    = time.Hour
	defaultWork = "64x64,4x64,1x64,64x1,1x1,4x8x64,rate:half"
)

// parseOptions reads a command line. Its errors are for people.
func parseOptions(args []string) (options, error) {
	var o options
	works, peers, disrust := defaultWork, strings.Join(names(), ","), ""
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.IntVar(&o.rounds, "rounds", 7, "")
	f.DurationVar(&o.duration, "duration", 1500*time.Millisecond, "")
	f.DurationVar(&o.warmup, "warmup", 400*time.Millisecond, "")
	f.StringVar(&works, "work", works, "")
	f.StringVar(&peers, "peers", peers, "")
	f.StringVar(&o.json, "json", "", "")
	f.StringVar(&o.html, "html", "", "")
	f.StringVar(&disrust, "disrust-flags", "", "")
	if err := f.Parse(args); err != nil {
		return o, fmt.Errorf("%w (--help lists what is allowed)", err)
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q (--help lists what is allowed)", f.Arg(0))
	}
	o.disrust = strings.Fields(disrust)
	return o, errors.Join(o.check(), o.setWorks(works), o.setPeers(peers))
}

func (o *options) check() error {
	switch {
	case o.rounds < 1 || o.rounds > mostRounds:
		return fmt.Errorf("--rounds: allowed are 1 to %d", mostRounds)
	case o.duration < leastTime || o.duration > mostTime || o.warmup < 0 || o.warmup > mostTime:
		return fmt.Errorf("--duration: allowed are %v to %v; --warmup: up to as much", leastTime, mostTime)
	}
	return nil
}

func (o *options) setWorks(list string) error {
	for s := range strings.SplitSeq(list, ",") {
		w, err := parseWork(s)
		if err != nil {
			return fmt.Errorf("--work: %w", err)
		}
		if slices.Contains(o.works, w) {
			return fmt.Errorf("--work: %v is there twice", w)
		}
		o.works = append(o.works, w)
	}
	return nil
}

func (o *options) setPeers(list string) error {
	for name := range strings.SplitSeq(list, ",") {
		at := slices.IndexFunc(contenders, func(c contender) bool { return c.name == name })
		if at < 0 {
			return fmt.Errorf("--peers: there is no %q; there are %s", name, strings.Join(names(), ", "))
		}
		if slices.ContainsFunc(o.peers, func(c contender) bool { return c.name == name }) {
			return fmt.Errorf("--peers: %s is there twice", name)
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

// usage is the answer to --help.
func usage() string {
	var b strings.Builder
	b.WriteString(`bench measures disrust side by side with what people use today.

  go run ./server/bench [flags]

Flags:
  --rounds         each peer's turns at each work (7)
  --duration       of each, behind the warm-up (1.5s)
  --warmup         (400ms)
  --work           a list of CONNSxWINDOW[xVECTORS], rate:N in requests/s, and rate:half
                   (` + defaultWork + `)
  --peers          a list; the others are compared with the first (all, in this order):
`)
	for _, c := range contenders {
		fmt.Fprintf(&b, "                     %-12s %s\n", c.name, c.about)
	}
	b.WriteString(`  --json           file for all runs
  --html           file for a page with charts
  --disrust-flags  more flags of the daemon, such as '--batch-threads 1'

Ctrl-C ends with what there is; a second one ends at once.
`)
	return b.String()
}
