//go:build linux

package main

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/server/metrics"
)

// TestMetrics sends a known number of requests. The counts in the lines must add up to it.
func TestMetrics(t *testing.T) {
	eachPlacement(t, func(t *testing.T, flags []string) {
		d := start(t, append(flags, "--metrics", "--metrics-interval", "200ms")...)
		c := dial(t, d.Addr)
		const requests = 300
		for seq := range requests {
			rawtest.Check(t, roundTrip(c, rawtest.Source{Dim: 128}, seq))
		}
		rawtest.Until(t, "metrics count all requests", func() bool {
			return total(t, d, "requests") >= requests && total(t, d, "answers") >= requests
		})
		lines := len(metricsLines(d))
		rawtest.Until(t, "two more lines", func() bool { return len(metricsLines(d)) >= lines+2 })
		for _, name := range []string{"requests", "answers"} {
			if got := total(t, d, name); got != requests {
				t.Errorf("the lines' %s add up to %v, want %d", name, got, requests)
			}
		}
		if total(t, d, "batches") == 0 {
			t.Error("no line has batches")
		}
		copied := flags[1] == "1" // inline, the model reads the rows in the receive buffer
		if used := total(t, d, "max_pool_bytes") > 0; used != copied {
			t.Errorf("some line has max_pool_bytes: %v, want %v", used, copied)
		}
	})
}

// TestNoMetricsUnlessAsked: without --metrics stdout stays empty.
func TestNoMetricsUnlessAsked(t *testing.T) {
	d := start(t, "--metrics-interval", "1ms")
	c := dial(t, d.Addr)
	rawtest.Check(t, roundTrip(c, rawtest.Source{Dim: 128}, 0))
	rawtest.Check(t, errors.Join(d.Signal(syscall.SIGTERM), c.ExpectEOF(), c.Close()))
	if status := d.Status(t); status != 0 || d.Stdout.String() != "" {
		t.Errorf("status %d, stdout %q; want 0 and nothing", status, d.Stdout.String())
	}
}

// metricsLines returns the whole lines on stdout.
func metricsLines(d *daemontest.Daemon) []string {
	lines := strings.SplitAfter(d.Stdout.String(), "\n")
	return lines[:len(lines)-1]
}

// total returns the sum of one metric over all lines. It ends the test if a line lacks a
// metric.
func total(t *testing.T, d *daemontest.Daemon, name string) (total float64) {
	t.Helper()
	for _, line := range metricsLines(d) {
		values := parse(line)
		for _, m := range metrics.Table() {
			if _, ok := values[m.Name]; !ok {
				t.Fatalf("no %s in the line %q", m.Name, line)
			}
		}
		total += values[name]
	}
	return total
}

var assignment = regexp.MustCompile(`\b([a-z_]+)=([0-9.]+)`)

func parse(line string) map[string]float64 {
	values := make(map[string]float64)
	for _, match := range assignment.FindAllStringSubmatch(line, -1) {
		if value, err := strconv.ParseFloat(match[2], 64); err == nil {
			values[match[1]] = value
		}
	}
	return values
}
