//go:build linux

// Command bench measures disrust side by side with servers that people use today:
//
//	go run ./server/bench [flags]
//
// It builds the daemon and its peers, and starts a new process of one of them for each run.
// It drives the servers from this process and verifies every response. It prints one table
// with medians, ranges and ratios. Rounds are interleaved. On request it writes all runs to a
// file of JSON, and a page with charts.
//
// When a peer fails, by a wrong or a missing answer, its row says so and the other peers go
// on. When disrust or the first peer fails, the benchmark ends.
//
// The exit status is 0 if every run succeeded, 1 if a peer failed or the benchmark could not
// run, and 2 if the command line makes no sense.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/disrust/disrust/client/tools/flags"
)

func main() {
	os.Exit(run(flags.UntilSignal(), os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process. When ctx ends, it shows what was measured so far.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (status int) {
	o, err := parseOptions(args)
	if err != nil {
		return flags.Answer(err, "bench", usage(), stdout, stderr)
	}
	out, progress := &flags.Output{W: stdout}, &flags.Output{W: stderr}
	if err := benchmark(ctx, o, strings.Join(append([]string{"bench"}, args...), " "), out, progress); err != nil {
		flags.ComplainEach(stderr, "bench", err)
		return flags.StatusFailed
	}
	return 0
}

// benchmark measures and shows the report. After an error it shows what was measured before.
func benchmark(ctx context.Context, o options, command string, stdout, stderr io.Writer) error {
	files, err := openFiles(o)
	if err != nil {
		return err
	}
	b, err := newBench(o, command, stderr)
	if err != nil {
		return err
	}
	defer b.close()
	err = b.run(ctx)
	return errors.Join(err, b.show(stdout), files.write(&b.report))
}

// show prints the table.
func (b *bench) show(stdout io.Writer) error {
	_, err := fmt.Fprintf(stdout, "%s\n%s\n\n", b.report.Command, b.report.Machine)
	if err == nil {
		err = b.report.WriteTable(stdout)
	}
	if err != nil {
		return fmt.Errorf("cannot write the table: %w", err)
	}
	return nil
}
