//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/disrust/disrust/client/tools/flags"
)

// options are what the command line sets.
type options struct {
	total    time.Duration // the attacks of all rounds together
	places   string        // the value of --placement
	rounds   string        // the value of --attacks
	plans    []plan        // the rounds that both give
	seed     uint64
	json     bool
	daemon   string   // path of the daemon; "": torture builds it
	maxConns int      // connections that the daemon allows
	extra    []string // more flags for the daemon
	patience time.Duration
}

// patience is how long a neighbour waits for an answer before it counts as lost, and how long
// torture waits for the daemon.
const patience = 10 * time.Second

const (
	minTotal, maxTotal = 100 * time.Millisecond, 24 * time.Hour
	minConns, maxConns = 2 * neighbourCount, 8192
)

// reserved are the daemon's flags that torture sets or relies on.
var reserved = []string{
	"host", "port", "io-threads", "batch-threads", "dim", "max-vectors", "model",
	"max-conns", "drain-timeout", "request-timeout", "idle-timeout", "allow", "proxy-protocol", "share-port", "until-eof", "plan", "metrics", "metrics-interval",
}

// list returns the flags of torture.
func (o *options) list() flags.List {
	return flags.List{
		flags.New("for", flags.Duration(&o.total, minTotal, maxTotal), "time of all attacks together, shared evenly by the rounds"),
		flags.New("placement", flags.Text(&o.places, "LIST"), "all, or a list of: "+strings.Join(placementNames(), ", ")),
		flags.New("attacks", flags.Text(&o.rounds, "LIST"), "all, each, none, kill, or a list of attacks that are to be at once; see below"),
		flags.New("seed", flags.Seed(&o.seed), "of the attackers' choices; random unless given, and printed"),
		flags.New("json", flags.Toggle(&o.json), "print one line of JSON instead of tables"),
		flags.New("daemon", flags.File(&o.daemon), "path of the daemon; without it torture builds ./server/cmd/disrust"),
		flags.New("max-conns", flags.Int(&o.maxConns, minConns, maxConns), "connections that the daemon allows"),
	}
}

func defaults() *options {
	return &options{total: time.Minute, places: "all", rounds: "all", maxConns: 1024, patience: patience}
}

// parseOptions parses a command line. Its errors are sentences for people.
func parseOptions(args []string) (options, error) {
	o := defaults()
	if at := slices.Index(args, "--"); at >= 0 {
		args, o.extra = args[:at], args[at+1:]
	}
	line, err := o.list().Parse(args)
	if err != nil {
		return *o, err
	}
	if len(line.Words) > 0 {
		return *o, fmt.Errorf("unexpected word %q: put flags of the daemon after --", line.Words[0])
	}
	if !line.Given["seed"] {
		o.seed = rand.Uint64() >> 32
	}
	if err := permitted(o.extra); err != nil {
		return *o, err
	}
	o.plans, err = makePlans(o.places, o.rounds)
	return *o, err
}

// permitted returns an error for a flag that would make the daemon serve otherwise than
// torture expects.
func permitted(extra []string) error {
	value := false // the next argument may be a flag's value
	for _, arg := range extra {
		name, isFlag := strings.CutPrefix(arg, "-")
		name, _, whole := strings.Cut(strings.TrimPrefix(name, "-"), "=")
		switch {
		case isFlag && slices.Contains(reserved, name):
			return fmt.Errorf("only torture may set the daemon's --%s", name)
		case !isFlag && !value:
			return fmt.Errorf("%q is not a flag of the daemon", arg)
		}
		value = isFlag && !whole && name != "pin" // --pin takes no value
	}
	return nil
}

// usage returns the text of --help.
func usage() string {
	var b strings.Builder
	b.WriteString(`torture attacks a disrust daemon beside clients that verify every answer.

  torture [flags] [-- flags of the daemon]

Flags:
` + defaults().list().Help() + `
Rounds that --attacks takes:
  all            all attacks below but the last two at once, a round per placement
  each           none, each attack alone, all, and kill, a round each
  none           only neighbours
  kill           kill -9 and restart, again and again
`)
	for _, a := range attacks {
		fmt.Fprintf(&b, "  %-14s %s\n", a.name, a.summary)
	}
	return b.String()
}
