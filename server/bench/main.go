//go:build linux

// Command bench measures disrust side by side with what people use today:
//
//	go run ./server/bench [flags]
//
// It builds the daemon and its peers, starts each as a process of its own for
// each run, drives them from this process, verifies every response, and prints
// one table with medians, ranges and ratios. Rounds are interleaved. All runs go
// to a file as JSON, and to a page with charts, if asked for.
//
// When a peer fails, by a wrong or a missing answer, its row says so and the
// others go on; when disrust or the first peer does, the benchmark ends.
//
// The exit status is 0 when all is right, 1 when a peer failed or the benchmark
// could not be run, and 2 when the command line makes no sense.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server/bench/internal/page"
)

const (
	statusFailed = 1
	statusUsage  = 2
)

func main() {
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, restore) // a second signal ends the process
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process. When ctx ends, what there is is shown.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (status int) {
	o, err := parseOptions(args)
	switch {
	case errors.Is(err, flags.ErrHelp):
		fmt.Fprint(stdout, usage())
		return 0
	case errors.Is(err, flags.ErrVersion):
		fmt.Fprint(stdout, flags.Version("bench"))
		return 0
	case err != nil:
		complain(stderr, err)
		return statusUsage
	}
	if err := benchmark(ctx, o, strings.Join(append([]string{"bench"}, args...), " "), stdout, stderr); err != nil {
		complain(stderr, err)
		return statusFailed
	}
	return 0
}

// benchmark measures and shows. What was measured before an error is shown too.
func benchmark(ctx context.Context, o options, command string, stdout, stderr io.Writer) error {
	b, err := newBench(o, command, stderr)
	if err != nil {
		return err
	}
	defer b.close()
	err = b.run(ctx)
	return errors.Join(err, b.show(stdout))
}

// show prints the table and writes the files.
func (b *bench) show(stdout io.Writer) error {
	fmt.Fprintf(stdout, "%s\n%s\n\n", b.report.Command, b.report.Machine)
	return errors.Join(
		b.report.WriteTable(stdout),
		writeFile(b.json, (&b.report).WriteJSON),
		writeFile(b.html, func(w io.Writer) error { return page.Write(w, &b.report) }),
	)
}

// writeFile makes a file of what write writes, if it has a name.
func writeFile(name string, write func(io.Writer) error) error {
	if name == "" {
		return nil
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// complain writes err, each of its lines with the command's name.
func complain(stderr io.Writer, err error) {
	for line := range strings.Lines(strings.TrimSpace(err.Error())) {
		fmt.Fprintf(stderr, "bench: %s\n", strings.TrimSpace(line))
	}
}
