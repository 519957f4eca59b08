//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/disrust/disrust/server/bench/internal/peer"
	"github.com/disrust/disrust/server/bench/internal/result"
	"github.com/disrust/disrust/server/daemontest"
)

// table holds what is measured: a row for each language and number of callers, and a column
// for each server.
type table struct {
	servers []peer.Named
	rows    []*row
}

type row struct {
	language language
	callers  int
	cells    []cell // one per server
}

// cell has an entry for each run.
type cell struct {
	rates, p50s, p99s []float64 // requests/s, µs
	failed            bool
}

func newTable(languages []language, callers []int, servers []peer.Named) *table {
	t := &table{servers: servers}
	for _, l := range languages {
		for _, n := range callers {
			t.rows = append(t.rows, &row{l, n, make([]cell, len(servers))})
		}
	}
	return t
}

// rounds measures every cell once per round. Every other round takes the servers in reverse.
// It reports a server that fails, and goes on with the others.
func (t *table) rounds(ctx context.Context, o options, progress io.Writer) (err error) {
	for round := range o.rounds {
		fmt.Fprintf(progress, "round %d of %d\n", round+1, o.rounds)
		for _, r := range t.rows {
			for i := range t.servers {
				if round%2 == 1 {
					i = len(t.servers) - 1 - i
				}
				if ctx.Err() != nil {
					return errors.New("interrupted")
				}
				if e := r.measure(ctx, i, t.servers[i], o); e != nil {
					r.cells[i].failed = true
					err = errors.Join(err, fmt.Errorf("%s, %d callers, %s: %w", r.language.name, r.callers, t.servers[i].Name, e))
				}
			}
		}
	}
	return err
}

// measure starts a server, runs the callers against it and stops it.
func (r *row) measure(ctx context.Context, i int, s peer.Named, o options) error {
	p, err := peer.StartCommand(s.Command)
	if err != nil {
		return err
	}
	defer p.Terminate()
	line := r.language.line(p.Port, r.callers, o)
	callers, err := daemontest.Run(ctx, exec.Command(line[0], line[1:]...))
	if err != nil {
		return err
	}
	if status := callers.ExitCode(); status != 0 {
		return fmt.Errorf("status %d: %s", status, strings.TrimSpace(callers.Stderr.String()))
	}
	return r.cells[i].add(callers.Stdout.String())
}

// add parses the line that callers print: requests seconds p50_us p99_us.
func (c *cell) add(line string) error {
	var requests, seconds, p50, p99 float64
	if _, err := fmt.Sscan(line, &requests, &seconds, &p50, &p99); err != nil {
		return fmt.Errorf("%q: %w", line, err)
	}
	c.rates, c.p50s, c.p99s = append(c.rates, requests/seconds), append(c.p50s, p50), append(c.p99s, p99)
	return nil
}

// write writes the table in Markdown.
func (t *table) write(w io.Writer) {
	head := "| p50 / p99, µs; k requests/s | callers |"
	rule := "|---|---|"
	for _, s := range t.servers {
		head += " " + s.Name + " |"
		rule += "---|"
	}
	lines := []string{head, rule}
	for _, r := range t.rows {
		line := fmt.Sprintf("| %s | %d |", r.language.name, r.callers)
		for _, c := range r.cells {
			line += " " + c.String() + " |"
		}
		lines = append(lines, line)
	}
	fmt.Fprintln(w, strings.Join(lines, "\n"))
}

func (c cell) String() string {
	switch {
	case c.failed:
		return "failed"
	case len(c.rates) == 0:
		return ""
	}
	median := func(of []float64) float64 { return result.NewSpread(of).Median }
	return fmt.Sprintf("%.0f / %.0f; %.1f", median(c.p50s), median(c.p99s), median(c.rates)/1e3)
}
