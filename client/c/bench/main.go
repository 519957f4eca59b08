//go:build linux

// Command bench says what a call costs with the clients for C, Go and Python, each on one connection to the
// same daemon, in turns:
//
//	go run ./client/c/bench
//
// It builds the daemon and the callers, and takes about a minute. Where python3 has no numpy, it leaves
// Python out.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/disrust/disrust/client/tools/machine"
	"github.com/disrust/disrust/server/daemontest"
)

// shape is what a caller does: calls of so many rows, so many in flight.
type shape struct{ rows, inFlight int }

func main() {
	var err error
	switch {
	case len(os.Args) == 6 && os.Args[1] == "caller":
		err = call(os.Stdout, os.Args[2:])
	case len(os.Args) > 1:
		err = fmt.Errorf("%q: no argument is allowed", os.Args[1])
	default:
		err = bench(os.Stdout, 5, "1.5")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench measures and writes the table. seconds is how long a caller runs at a time.
func bench(w io.Writer, rounds int, seconds string) error {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	addr, callers, end, err := prepare(folder)
	if err != nil {
		return err
	}
	defer end()
	if len(callers) < 3 {
		fmt.Fprintln(w, "Python is left out: python3 has no numpy.")
	}
	fmt.Fprintf(w, "%s\n\n", machine.This())
	for _, s := range []shape{{1, 1}, {64, 8}} {
		all, err := measure(callers, addr, s, rounds, seconds)
		if err != nil {
			return err
		}
		s.write(w, callers, all)
	}
	return nil
}

// caller is a program that makes calls.
type caller struct {
	language string
	command  []string
}

// prepare builds all programs and starts the daemon.
func prepare(folder string) (addr string, callers []caller, end func(), err error) {
	daemon, err := daemontest.Build(folder)
	if err != nil {
		return "", nil, nil, err
	}
	here, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/disrust/disrust/client/c/bench").Output()
	if err != nil {
		return "", nil, nil, fmt.Errorf("run it in a clone of the repository: %w", err)
	}
	source, program := filepath.Dir(string(here)), filepath.Join(folder, "caller")
	compile := exec.Command("cc", "-std=c99", "-O2", "-o", program, "bench/caller/caller.c", "disrust.c")
	compile.Dir = source
	if out, err := compile.CombinedOutput(); err != nil {
		return "", nil, nil, fmt.Errorf("cc: %w: %s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		return "", nil, nil, err
	}
	served, err := daemontest.Launch(exec.Command(daemon, "--port", "0"))
	if err != nil {
		return "", nil, nil, err
	}
	callers = []caller{{"C", []string{program}}, {"Go", []string{self, "caller"}}}
	if exec.Command("python3", "-c", "import numpy").Run() == nil {
		path := "PYTHONPATH=" + filepath.Join(source, "../python/src")
		callers = append(callers, caller{"Python", []string{"env", path, "python3", filepath.Join(source, "bench/caller/caller.py")}})
	}
	return served.Addr, callers, served.Kill, nil
}

// measure runs the callers in turns and returns the medians of each.
func measure(callers []caller, addr string, s shape, rounds int, seconds string) ([]figures, error) {
	seen := make([][]figures, len(callers))
	for range rounds {
		for k, c := range callers {
			args := slices.Concat(c.command[1:], []string{addr, fmt.Sprint(s.rows), fmt.Sprint(s.inFlight), seconds})
			f, err := run(exec.Command(c.command[0], args...))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.language, err)
			}
			seen[k] = append(seen[k], f)
		}
	}
	all := make([]figures, len(callers))
	for k := range all {
		all[k] = medians(seen[k])
	}
	return all, nil
}

// write writes a table for the README.
func (s shape) write(w io.Writer, callers []caller, all []figures) {
	fmt.Fprintf(w, "| %dx%d | calls/s | rows/s | p50, µs | p99, µs | CPU of the client per row, ns |\n|---|---|---|---|---|---|\n", s.inFlight, s.rows)
	for k, f := range all {
		rate, rows := f.Calls/f.Seconds, float64(s.rows)
		fmt.Fprintf(w, "| %s | %.0f | %.0f | %.1f | %.1f | %.0f |\n",
			callers[k].language, rate, rate*rows, f.P50*1e6, f.P99*1e6, f.CPU/(f.Calls*rows)*1e9)
	}
	fmt.Fprintln(w)
}
