//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
)

// figures is what a caller prints: how many calls it made, and times in seconds.
type figures struct {
	Calls   float64 `json:"calls"`
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu"` // of the caller, for these calls
	P50     float64 `json:"p50"`
	P99     float64 `json:"p99"`
}

func p50(f figures) float64  { return f.P50 }
func p99(f figures) float64  { return f.P99 }
func rate(f figures) float64 { return f.Calls / f.Seconds }
func cpu(f figures) float64  { return f.CPU / f.Calls }

func median(seen []figures, of func(figures) float64) float64 {
	var all []float64
	for _, f := range seen {
		all = append(all, of(f))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func run(cmd *exec.Cmd) (f figures, err error) {
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err == nil {
		err = json.Unmarshal(out, &f)
	}
	return f, err
}
