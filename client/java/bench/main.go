//go:build linux

// Command bench says what a call costs with the client for Java and with that for Go, each on one
// connection to the same daemon, in turns:
//
//	go run ./client/java/bench
//
// It builds the daemon and the callers, and takes about 50 seconds.
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/disrust/disrust/client/tools/machine"
	"github.com/disrust/disrust/server/daemontest"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 6 && os.Args[1] == "caller":
		err = call(os.Stdout, os.Args[2:])
	case len(os.Args) > 1:
		err = fmt.Errorf("%q: no argument is allowed", os.Args[1])
	default:
		err = bench(os.Stdout, 4, "1.5")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// shapes are what the callers do: calls of so many rows, so many in flight.
var shapes = []struct{ rows, inFlight int }{{1, 1}, {64, 8}}

const head = `| language | 1x1 p50 us | 1x1 p99 us | 1x1 requests/s | 8x64 rows/s | client CPU ns a row |
|---|---|---|---|---|---|
`

// bench measures and writes the table. seconds is how long a caller runs for each of its two runs.
func bench(w io.Writer, rounds int, seconds string) error {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	callers, err := build(folder)
	if err != nil {
		return err
	}
	daemon, err := daemontest.Build(folder)
	if err != nil {
		return err
	}
	served, err := daemontest.Launch(exec.Command(daemon, "--port", "0"))
	if err != nil {
		return err
	}
	defer served.Kill()
	fmt.Fprintf(w, "%s\n\n%s", machine.This(), head)
	seen := make(map[string][][]figures) // by language and shape
	for range rounds {
		for k, s := range shapes {
			for _, c := range callers {
				f, err := c.run(served.Addr, fmt.Sprint(s.rows), fmt.Sprint(s.inFlight), seconds)
				if err != nil {
					return fmt.Errorf("%s: %w", c.language, err)
				}
				if seen[c.language] == nil {
					seen[c.language] = make([][]figures, len(shapes))
				}
				seen[c.language][k] = append(seen[c.language][k], f)
			}
		}
	}
	for _, c := range callers {
		one, many := seen[c.language][0], seen[c.language][1]
		rows := float64(shapes[1].rows)
		fmt.Fprintf(w, "| %s | %.1f | %.1f | %.0f | %.0f | %.0f |\n", c.language,
			1e6*median(one, func(f figures) float64 { return f.P50 }), 1e6*median(one, func(f figures) float64 { return f.P99 }),
			median(one, func(f figures) float64 { return f.Calls / f.Seconds }),
			rows*median(many, func(f figures) float64 { return f.Calls / f.Seconds }),
			1e9*median(many, func(f figures) float64 { return f.CPU / f.Calls })/rows)
	}
	return nil
}

// caller is a program that makes calls.
type caller struct {
	language string
	command  []string
}

// build compiles the client for Java and its caller. This program is the caller in Go.
func build(folder string) ([]caller, error) {
	here, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/disrust/disrust/client/java/bench").Output()
	if err != nil {
		return nil, fmt.Errorf("run it in a clone of the repository: %w", err)
	}
	top := filepath.Dir(string(here))
	sources, err := filepath.Glob(filepath.Join(top, "src/main/java/io/github/disrust/*.java"))
	if err != nil {
		return nil, err
	}
	sources = append(sources, filepath.Join(top, "bench/caller/Caller.java"))
	if out, err := exec.Command("javac", slices.Concat([]string{"-d", folder}, sources)...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("javac: %w: %s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return []caller{{"Java", []string{"java", "-cp", folder, "Caller"}}, {"Go", []string{self, "caller"}}}, nil
}

// figures is what a caller prints: how many calls it made, and times in seconds.
type figures struct {
	Calls   float64 `json:"calls"`
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu"` // of the caller, for these calls
	P50     float64 `json:"p50"`
	P99     float64 `json:"p99"`
}

func (c *caller) run(args ...string) (f figures, err error) {
	out, err := exec.Command(c.command[0], slices.Concat(c.command[1:], args)...).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err == nil {
		err = json.Unmarshal(out, &f)
	}
	return f, err
}

func median(seen []figures, of func(figures) float64) float64 {
	slices.SortFunc(seen, func(a, b figures) int { return cmp.Compare(of(a), of(b)) })
	return (of(seen[(len(seen)-1)/2]) + of(seen[len(seen)/2])) / 2
}
