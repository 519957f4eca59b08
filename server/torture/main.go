//go:build linux

// Command torture starts the daemon as a process and attacks it with every kind of
// misbehaviour known. Beside the attackers, well-behaved neighbours verify every answer. At
// the end torture checks that the daemon has released what the attackers took, and ends the
// daemon with SIGTERM while requests are in flight.
//
//	torture [flags] [-- flags of the daemon]
//
// Three processes take part, so that the garbage collection or scheduling of one does not
// count as another's delay: the daemon, this process with the neighbours, and a copy of it
// with the attackers ("torture attack", which only torture itself starts). In a round with
// failing rows another copy ("torture failing") stands in for the daemon.
//
// The exit status is 0 if the daemon passed, 1 if it did not, and 2 if the command line makes
// no sense.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server/daemontest"
)

func main() {
	if status, ok := asChild(os.Args[1:]); ok {
		os.Exit(status)
	}
	os.Exit(run(flags.UntilSignal(), os.Args[1:], os.Stdout, os.Stderr))
}

// asChild is the life of a process that torture starts as a copy of itself. It returns false in
// any other process.
func asChild(args []string) (status int, ok bool) {
	switch {
	case len(args) > 0 && args[0] == attackCommand:
		return attackMain(args[1:]), true
	case len(args) > 0 && args[0] == failingCommand:
		return failingMain(args[1:], os.Stderr), true
	}
	return 0, false
}

// run is main without the process. When ctx ends, the current round ends in order and no
// other begins.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (status int) {
	o, err := parseOptions(args)
	if err != nil {
		return flags.Answer(err, "torture", usage(), stdout, stderr)
	}
	ok, err := torture(ctx, o, stdout)
	if err != nil {
		flags.Complain(stderr, "torture", err)
	}
	if err != nil || !ok {
		return flags.StatusFailed
	}
	return 0
}

// torture runs all rounds and reports them. It returns an error if it cannot begin, or cannot
// write the report.
func torture(ctx context.Context, o options, stdout io.Writer) (ok bool, err error) {
	if o.daemon == "" {
		dir, err := os.MkdirTemp("", "torture")
		if err != nil {
			return false, err
		}
		defer os.RemoveAll(dir)
		if o.daemon, err = daemontest.Build(dir); err != nil {
			return false, fmt.Errorf("cannot build the daemon: %w", err)
		}
	}
	out := newReporter(stdout, o)
	for _, p := range o.plans {
		if ctx.Err() != nil {
			break
		}
		out.add(runRound(ctx, o, p))
	}
	return out.verdict()
}
