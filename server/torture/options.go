//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// options are what the command line says.
type options struct {
	total    time.Duration // of all rounds' attacks together
	plans    []plan
	seed     uint64
	json     bool
	daemon   string   // path; "" builds it
	maxConns int      // connections the daemon allows
	extra    []string // more flags of the daemon
	patience time.Duration
}

// patience is how long a neighbour waits for an answer, and the torture for
// the daemon, before they count as lost.
const patience = 10 * time.Second

const (
	leastTotal, mostTotal = 100 * time.Millisecond, 24 * time.Hour
	leastConns, mostConns = 2 * residents, 8192
)

// reserved are the daemon's flags that the torture sets or relies upon.
var reserved = []string{
	"host", "port", "io-threads", "batch-threads", "dim", "max-vectors", "model",
	"max-conns", "drain-timeout", "request-timeout", "idle-timeout", "allow", "share-port", "plan", "metrics", "metrics-interval",
}

// parseOptions reads a command line. Its errors are for people.
func parseOptions(args []string) (options, error) {
	o := options{total: time.Minute, seed: rand.Uint64() >> 32, maxConns: 1024, patience: patience}
	if at := slices.Index(args, "--"); at >= 0 {
		args, o.extra = args[:at], args[at+1:]
	}
	places, rounds := "all", "all"
	f := flag.NewFlagSet("torture", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Func("for", "", o.setTotal)
	f.StringVar(&places, "placement", places, "")
	f.StringVar(&rounds, "attacks", rounds, "")
	f.Func("seed", "", o.setSeed)
	f.BoolVar(&o.json, "json", false, "")
	f.StringVar(&o.daemon, "daemon", "", "")
	f.Func("max-conns", "", o.setMaxConns)
	if err := f.Parse(args); err != nil {
		return o, fmt.Errorf("%w (--help lists what is allowed)", err)
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q: flags of the daemon stand behind --", f.Arg(0))
	}
	if err := permitted(o.extra); err != nil {
		return o, err
	}
	var err error
	o.plans, err = makePlans(places, rounds)
	return o, err
}

func (o *options) setTotal(s string) (err error) {
	o.total, err = time.ParseDuration(s)
	if err != nil || o.total < leastTotal || o.total > mostTotal {
		return fmt.Errorf("allowed are %v to %v, such as 60s or 1h", leastTotal, mostTotal)
	}
	return nil
}

func (o *options) setSeed(s string) (err error) {
	if o.seed, err = strconv.ParseUint(s, 10, 64); err != nil {
		return errors.New("allowed are whole numbers from 0")
	}
	return nil
}

func (o *options) setMaxConns(s string) (err error) {
	o.maxConns, err = strconv.Atoi(s)
	if err != nil || o.maxConns < leastConns || o.maxConns > mostConns {
		return fmt.Errorf("allowed are %d to %d", leastConns, mostConns)
	}
	return nil
}

// permitted refuses flags of the daemon that would have it serve otherwise
// than the torture expects.
func permitted(extra []string) error {
	value := false // what comes next may be a flag's
	for _, arg := range extra {
		name, isFlag := strings.CutPrefix(arg, "-")
		name, _, whole := strings.Cut(strings.TrimPrefix(name, "-"), "=")
		switch {
		case isFlag && slices.Contains(reserved, name):
			return fmt.Errorf("the daemon's --%s is the torture's to set", name)
		case !isFlag && !value:
			return fmt.Errorf("%q is no flag of the daemon", arg)
		}
		value = isFlag && !whole && name != "pin" // which stands alone
	}
	return nil
}

// usage is the answer to --help.
func usage() string {
	var b strings.Builder
	b.WriteString(`torture attacks a disrust daemon beside clients that verify every answer.

  torture [flags] [-- flags of the daemon]

Flags:
  --for            time of all attacks, shared evenly by the rounds (1m)
  --placement      all, or some of: ` + strings.Join(placementNames(), ", ") + ` (all)
  --attacks        a list of those that are to be at once, or (all):
                     all           the twelve below at once, a round a placement
                     each          none, each alone, all, descriptors and kill, a round each
                     none          only neighbours
                     kill          kill -9 and restart, again and again
`)
	for _, a := range attacks {
		fmt.Fprintf(&b, "                     %-13s %s\n", a.name, a.summary)
	}
	b.WriteString(`  --seed           of the attackers' choices (random, printed)
  --json           one line of JSON instead of tables
  --daemon         path of the daemon (builds ./server/cmd/disrust)
  --max-conns      connections that the daemon allows (1024)
`)
	return b.String()
}
