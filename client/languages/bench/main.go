//go:build linux

// Command bench says what calls cost with the clients for all languages, each on one connection to the same daemon, in
// turns:
//
//	go run ./client/languages/bench
//	go run ./client/languages/bench Rust
//
// The first measures all, and the second one client beside that for Go. The command builds the daemon and the callers,
// leaves out languages whose compiler or library is missing, and measures for 15 to 25 seconds per language.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/disrust/disrust/client/tools/machine"
	"github.com/disrust/disrust/server/daemontest"
)

// shape is what a caller does: calls of so many rows, so many in flight.
type shape struct{ rows, inFlight int }

var shapes = []shape{{1, 1}, {64, 8}}

func main() {
	var err error
	if len(os.Args) == 6 && os.Args[1] == "caller" {
		err = call(os.Stdout, os.Args[2:])
	} else {
		err = bench(os.Stdout, os.Args[1:], 5, 1.5)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench measures these languages beside Go, or all if there are none, and writes the table of the README. A caller runs
// for so many seconds in each round.
func bench(w io.Writer, names []string, rounds int, seconds float64) error {
	chosen, err := choose(names)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	callers, err := build(w, chosen, folder)
	if err != nil {
		return err
	}
	disrust, err := daemontest.Build(folder)
	if err != nil {
		return err
	}
	daemon, err := daemontest.Launch(exec.Command(disrust, "--port", "0"))
	if err != nil {
		return err
	}
	defer daemon.Kill()
	fmt.Fprintf(w, "%s\n\n", machine.This())
	seen, err := measure(callers, daemon.Addr, rounds, seconds)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "| language | 1x1: p50, µs | p99, µs | 8x64: rows/s | CPU of the client per row, ns |\n|---|---|---|---|---|")
	for k, c := range callers {
		one, many := seen[k][0], seen[k][1]
		rows := float64(shapes[1].rows)
		fmt.Fprintf(w, "| %s | %.1f | %.1f | %.0f | %.0f |\n", c.language, 1e6*median(one, p50), 1e6*median(one, p99),
			rows*median(many, rate), 1e9*median(many, cpu)/rows)
	}
	return nil
}

// choose returns the languages of these names and Go, or all.
func choose(names []string) ([]language, error) {
	if len(names) == 0 {
		return languages, nil
	}
	var known []string
	for _, l := range languages {
		known = append(known, l.name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("%q: a language is one of %s", name, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(languages), func(l language) bool {
		return l.name != "Go" && !slices.Contains(names, l.name)
	}), nil
}

// caller is a program that makes calls.
type caller struct {
	language string
	command  []string
}

// build builds a caller in each language. It says which it leaves out.
func build(w io.Writer, chosen []language, folder string) (callers []caller, err error) {
	here, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/disrust/disrust/client/languages/bench").Output()
	if err != nil {
		return nil, fmt.Errorf("run it in a clone of the repository: %w", err)
	}
	clients := filepath.Join(strings.TrimSpace(string(here)), "../..")
	for _, l := range chosen {
		if lacks := l.lacks(); lacks != "" {
			fmt.Fprintf(w, "%s is left out: there is no %s.\n", l.name, lacks)
			continue
		}
		command, err := l.build(clients, folder)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.name, err)
		}
		callers = append(callers, caller{l.name, command})
	}
	return callers, nil
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
