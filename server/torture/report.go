//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/disrust/disrust/client/tools/flags"
)

// reporter reports each round as it ends, and then the verdict over all. verdict's error says that
// some of the report could not be written.
type reporter interface {
	add(*result)
	verdict() (ok bool, err error)
}

func newReporter(w io.Writer, o options) reporter {
	if o.json {
		return &line{w: w, Seed: o.seed}
	}
	return newTable(w, o)
}

// table reports in tables for people.
type table struct {
	w *flags.Output
	summary
}

func newTable(stdout io.Writer, o options) *table {
	w := &flags.Output{W: stdout}
	fmt.Fprintf(w, "seed %d, %v over %d rounds\n\n", o.seed, o.total, len(o.plans))
	fmt.Fprintf(w, "%-11s  %-13s %6s %10s  %9s %6s %6s  %8s %8s %8s %8s  %-14s %-14s %7s %8s\n",
		"placement", "attack", "peers", "operations", "verified", "wrong", "lost",
		"p50", "p99", "p99.9", "worst", "MiB", "descriptors", "CPU", "drain")
	return &table{w: w}
}

func (t *table) add(r *result) {
	t.summary.add(r)
	n := &r.Neighbours
	fmt.Fprintf(t.w, "%-11s  %-13s %6d %10d  %9d %6d %6d  %8s %8s %8s %8s  %-14s %-14s %6.2fs %8s\n",
		r.Placement, r.Round, r.peers(), r.operations(), n.Verified, r.wrong(), r.lost(),
		brief(n.P50), brief(n.P99), brief(n.P999), brief(n.Worst),
		fmt.Sprintf("%d/%d/%d", r.Before.Bytes>>20, r.Peak.Bytes>>20, r.After.Bytes>>20),
		fmt.Sprintf("%d/%d/%d", r.Before.Descriptors, r.Peak.Descriptors, r.After.Descriptors),
		r.CPU.Seconds(), brief(r.Drain))
	if len(r.Attacks) > 1 {
		for _, a := range r.Attacks {
			fmt.Fprintf(t.w, "%-11s    %-11s %6d %10d  %9d\n", "", a.Name, a.Peers, a.Operations, a.Verified)
		}
	}
	for _, a := range r.Attacks {
		if a.Stalls > 0 {
			fmt.Fprintf(t.w, "%-11s    %s: %d stalls by TCP, the longest over %s: %s\n", "",
				a.Name, a.Stalls, brief(a.LongestStall), a.StallState)
		}
	}
	if len(r.Restarts) > 0 {
		slices.Sort(r.Restarts)
		fmt.Fprintf(t.w, "%-11s    killed %d times; the port answered again after %s, at worst %s\n", "",
			len(r.Restarts), brief(r.Restarts[len(r.Restarts)/2]), brief(r.Restarts[len(r.Restarts)-1]))
	}
	for _, fault := range r.Faults {
		fmt.Fprintf(t.w, "%-11s    FAULT: %s\n", "", strings.ReplaceAll(fault, "\n", "; "))
	}
}

func (t *table) verdict() (ok bool, err error) {
	fmt.Fprintf(t.w, "\n%s\n", t.sentence())
	return t.ok(), unwritten(t.w.Err)
}

// unwritten returns an error about a write that failed, or nil.
func unwritten(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot write the report: %w", err)
}

// line reports all rounds in one line of JSON.
type line struct {
	w       io.Writer
	summary summary
	Seed    uint64    `json:"seed"`
	Rounds  []*result `json:"rounds"`
	Verdict string    `json:"verdict"`
	OK      bool      `json:"ok"`
}

func (l *line) add(r *result) {
	l.summary.add(r)
	l.Rounds = append(l.Rounds, r)
}

func (l *line) verdict() (ok bool, err error) {
	l.Verdict, l.OK = l.summary.sentence(), l.summary.ok()
	return l.OK, unwritten(json.NewEncoder(l.w).Encode(l))
}

// summary is the sum of all rounds.
type summary struct {
	rounds, verified, wrong, lost, faults int
	worst                                 time.Duration
}

func (s *summary) add(r *result) {
	s.rounds++
	s.verified += r.Neighbours.Verified
	s.wrong += r.wrong()
	s.lost += r.lost()
	s.faults += len(r.Faults)
	s.worst = max(s.worst, r.Neighbours.Worst)
}

func (s *summary) ok() bool {
	return s.rounds > 0 && s.verified > 0 && s.wrong == 0 && s.lost == 0 && s.faults == 0
}

func (s *summary) sentence() string {
	verdict := "passed"
	if !s.ok() {
		verdict = "FAILED"
	}
	return fmt.Sprintf("%s: %d rounds, %d requests of neighbours verified, %d wrong, %d lost, %d faults, worst wait %s",
		verdict, s.rounds, s.verified, s.wrong, s.lost, s.faults, brief(s.worst))
}

// brief formats a duration with about three digits.
func brief(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		d = d.Round(10 * time.Microsecond)
	case d < time.Second:
		d = d.Round(100 * time.Microsecond)
	default:
		d = d.Round(10 * time.Millisecond)
	}
	return d.String()
}
