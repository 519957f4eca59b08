//go:build linux

// Command bench says what calls cost with the client for Rust and with that for Go, each on one connection to the
// same daemon, in turns:
//
//	go run ./client/rust/bench
//
// It builds the daemon and the callers, and measures for about 45 seconds.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/disrust/disrust/client/tools/machine"
	"github.com/disrust/disrust/server/daemontest"
)

// shape is what a caller does: calls of so many rows, so many in flight.
type shape struct{ rows, inFlight int }

var shapes = []shape{{1, 1}, {64, 8}}

func main() {
	var err error
	switch {
	case len(os.Args) == 6 && os.Args[1] == "caller":
		err = call(os.Stdout, os.Args[2:])
	case len(os.Args) > 1:
		err = fmt.Errorf("%q: no argument is allowed", os.Args[1])
	default:
		err = bench(os.Stdout, 5, 2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench measures, and writes the table of the README. A caller runs for so many seconds in each round.
func bench(w io.Writer, rounds int, seconds float64) error {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	callers, err := build(folder)
	if err != nil {
		return err
	}
	daemon, err := daemontest.Launch(exec.Command(filepath.Join(folder, "disrust"), "--port", "0"))
	if err != nil {
		return err
	}
	defer daemon.Kill()
	fmt.Fprintf(w, "%s\n\n", machine.This())
	fmt.Fprintln(w, "| language | 1x1 p50, µs | 1x1 p99, µs | 8x64 rows/s | client CPU per row, ns |\n|---|---|---|---|---|")
	seen, err := measure(callers, daemon.Addr, rounds, seconds)
	if err != nil {
		return err
	}
	for k, c := range callers {
		one, many := seen[k][0], seen[k][1]
		rows := float64(shapes[1].rows)
		fmt.Fprintf(w, "| %s | %.1f | %.1f | %.0f | %.0f |\n", c.language, 1e6*median(one, p50), 1e6*median(one, p99),
			rows*median(many, rate), 1e9*median(many, cpu)/rows)
	}
	return nil
}

// caller is a program that makes calls.
type caller struct {
	language string
	command  []string
}

// build builds the daemon and the caller in Rust. The caller in Go is this program.
func build(folder string) ([]caller, error) {
	if _, err := daemontest.Build(folder); err != nil {
		return nil, err
	}
	here, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/disrust/disrust/client/rust/bench").Output()
	if err != nil {
		return nil, fmt.Errorf("run it in a clone of the repository: %w", err)
	}
	cargo := exec.Command("cargo", "build", "--quiet", "--offline", "--release", "--example", "caller", "--target-dir", folder)
	cargo.Dir = filepath.Dir(string(here))
	if out, err := cargo.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cargo: %w: %s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return []caller{{"Rust", []string{filepath.Join(folder, "release/examples/caller")}}, {"Go", []string{self, "caller"}}}, nil
}

// measure runs the callers in turns. It returns the figures of each, by shape.
func measure(callers []caller, addr string, rounds int, seconds float64) ([][][]figures, error) {
	seen := make([][][]figures, len(callers))
	for k := range seen {
		seen[k] = make([][]figures, len(shapes))
	}
	for range rounds {
		for n, s := range shapes {
			for k, c := range callers {
				args := []string{addr, strconv.Itoa(s.rows), strconv.Itoa(s.inFlight), fmt.Sprint(seconds)}
				f, err := run(exec.Command(c.command[0], slices.Concat(c.command[1:], args)...))
				if err != nil {
					return nil, fmt.Errorf("%s: %w", c.language, err)
				}
				seen[k][n] = append(seen[k][n], f)
			}
		}
	}
	return seen, nil
}
