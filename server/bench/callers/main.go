//go:build linux

// Command callers measures the latency and rate of a few callers that wait for each answer,
// in the languages that people write callers in:
//
//	go run ./server/bench/callers [flags] [NAME='COMMAND {port}' ...]
//
// It builds the daemon, a server on package net, and callers: in Go, Python, Java and C and
// with the Go client library, as far as the machine has the compilers. Each caller has its
// own connection and thread. It sends one row, waits for the answer and compares it. Servers
// take turns, in a new process for each run. A table in Markdown shows the medians. Other
// servers of disrust's protocol may take part.
//
// The exit status is 0 if every run succeeded, 1 if an answer was wrong or missing or nothing
// could be measured, and 2 if the command line makes no sense.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/client/tools/machine"
)

func main() {
	os.Exit(run(flags.UntilSignal(), os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (status int) {
	o, err := parseOptions(args)
	if err != nil {
		return flags.Answer(err, "callers", usage(), stdout, stderr)
	}
	out, progress := &flags.Output{W: stdout}, &flags.Output{W: stderr}
	if err := measure(ctx, o, args, out, progress); err != nil {
		flags.ComplainEach(stderr, "callers", err)
		return flags.StatusFailed
	}
	return 0
}

// measure builds, measures and shows the table. After an error it shows what was measured
// before.
func measure(ctx context.Context, o options, args []string, stdout *flags.Output, progress io.Writer) error {
	folder, err := os.MkdirTemp("", "callers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	languages, err := build(folder, o.languages, progress)
	if err != nil {
		return err
	}
	servers := append(built(folder), o.servers...)
	t := newTable(languages, o.callers, servers)
	err = t.rounds(ctx, o, progress)
	fmt.Fprintf(stdout, "callers %s\n%s\n\n", strings.Join(args, " "), machine.This())
	t.write(stdout)
	if stdout.Err != nil {
		err = errors.Join(err, fmt.Errorf("cannot write the table: %w", stdout.Err))
	}
	return err
}
