// Command disrust-client checks and measures a disrust server.
//
//	disrust-client [flags] [port] [smoke | pipeline | bench [conns [requests]] | sustain]
//
// smoke, the default, scores a few requests through the client library.
// pipeline sends 1,000 requests of mixed sizes without waiting for an answer.
// bench measures requests per second in a closed loop; sustain measures
// latencies for a while, with a line every second and a summary, which Ctrl-C
// brings on early. All of them verify every response, against a server whose
// model is sum.
//
// The exit status is 0 when every request was answered rightly, 1 when one was
// not, and 2 when the command line makes no sense.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
)

var commands = map[string]func(context.Context, options, io.Writer) error{
	"smoke":    smoke,
	"pipeline": pipeline,
	"bench":    bench,
	"sustain":  sustain,
}

func main() {
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, restore) // a second Ctrl-C ends the process
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process. When ctx ends, no more requests are sent;
// those in flight are awaited, except by smoke.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (status int) {
	o, err := parseOptions(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, usage)
		return 0
	}
	if err != nil {
		complain(stderr, err)
		return 2
	}
	if err := commands[o.command](ctx, o, stdout); err != nil {
		complain(stderr, fmt.Errorf("%s: %w", o.command, err))
		return 1
	}
	return 0
}

// complain writes err as one line, also when it cites a command line that has
// line breaks.
func complain(stderr io.Writer, err error) {
	fmt.Fprintf(stderr, "disrust-client: %s\n", strings.ReplaceAll(err.Error(), "\n", `\n`))
}
