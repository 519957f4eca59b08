// Command disrust-client checks, measures and uses a disrust server.
//
//	disrust-client [flags] [port] [command]
//
//	smoke                      a few requests of the smallest and largest sizes (default)
//	pipeline                   1,000 requests of mixed sizes, sent without waiting
//	bench [conns [requests]]   requests per second
//	sustain                    latencies, every second and in a summary
//	sweep                      the highest rate that keeps a bound on latency
//	score FILE                 scores the rows of a .npy or raw float32 file
//	report RUN.json...         runs that were kept, overlaid
//
// Each command has its own --help, with an example. The commands that measure verify every
// response, as --verify says. Ctrl-C, SIGTERM or SIGHUP ends a run with its summary; a
// second signal ends it at once.
//
// The exit status is 0 on success, 2 if the command line makes no sense, and 1 otherwise: if
// a response was wrong or missing, an open loop was not valid, or no step of a sweep kept its
// bound.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/disrust/disrust/client/tools/flags"
)

func main() {
	os.Exit(run(flags.UntilSignal(), os.Args[1:], os.Stdout, os.Stderr))
}

// streams is where a command writes.
type streams struct {
	stdout, stderr io.Writer
	text           io.Writer // for people: stdout, or stderr if a file goes to stdout
}

func printHelp(_ context.Context, o *options, s streams) error {
	fmt.Fprint(s.text, o.helpText())
	return nil
}

func printVersion(_ context.Context, _ *options, s streams) error {
	_, err := fmt.Fprint(s.text, flags.Version("disrust-client"))
	return err
}

// misuse is an error of the command line that shows only when the command runs.
type misuse struct{ error }

func (m misuse) Unwrap() error { return m.error }

// run is main without the process. When ctx ends, it sends no more requests. Commands that
// measure then await the answers to the requests in flight.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (status int) {
	o, err := parseOptions(args)
	if o.version = o.version || errors.Is(err, flags.ErrVersion); o.version {
		o.command, err = &command{name: "version", run: printVersion}, nil
	}
	if err != nil {
		complain(stderr, err)
		return 2
	}
	command, text := o.command.run, &flags.Output{W: stdout}
	switch {
	case o.help:
		command = printHelp
	case o.writesTo("-"):
		text.W = stderr
	}
	err = command(ctx, o, streams{stdout: stdout, stderr: stderr, text: text})
	if err == nil && text.Err != nil {
		err = fmt.Errorf("cannot write the result: %w", text.Err)
	}
	if err != nil {
		complain(stderr, fmt.Errorf("%s: %w", o.command.name, err))
		if _, bad := errors.AsType[misuse](err); bad {
			return 2
		}
		return 1
	}
	return 0
}

// both joins two errors in one sentence. Either may be nil.
func both(a, b error) error {
	if a == nil || b == nil {
		return errors.Join(a, b)
	}
	return fmt.Errorf("%w; %w", a, b)
}

func complain(stderr io.Writer, err error) { flags.Complain(stderr, "disrust-client", err) }
