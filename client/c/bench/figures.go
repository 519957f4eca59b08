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

// medians returns the median of each figure, with the rates in place of counts and times: calls and
// processor time per second.
func medians(seen []figures) figures {
	median := func(of func(figures) float64) float64 {
		var all []float64
		for _, f := range seen {
			all = append(all, of(f))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	return figures{
		Calls:   median(func(f figures) float64 { return f.Calls / f.Seconds }),
		Seconds: 1,
		CPU:     median(func(f figures) float64 { return f.CPU / f.Seconds }),
		P50:     median(func(f figures) float64 { return f.P50 }),
		P99:     median(func(f figures) float64 { return f.P99 }),
	}
}
