package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// quantiles are what a report shows beside the rate and the maximum.
var quantiles = []float64{50, 95, 99, 99.9, 99.99}

// longest is the largest latency told apart: a stall ends a stream before.
const longest = time.Minute

// recorder gathers latencies of all streams. They lock it once for each read.
type recorder struct {
	mu       sync.Mutex
	interval *hdrhistogram.Histogram // nanoseconds, since the last take
}

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(longest), 3) }

// add counts so many requests of one latency. mu is held.
func (r *recorder) add(latency time.Duration, requests int) {
	// Within the histogram's range there is no error.
	_ = r.interval.RecordValues(int64(min(latency, longest)), int64(requests))
}

// take returns what was recorded since the last take and goes on in empty.
func (r *recorder) take(empty *hdrhistogram.Histogram) *hdrhistogram.Histogram {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.interval
	r.interval = empty
	return taken
}

// sustain measures latencies under a constant number of requests in flight.
// ctx's end brings the summary on early.
func sustain(ctx context.Context, o options, stdout io.Writer) error {
	l := newLoad(o, uniform(o.format, o.vectors))
	l.latencies = &recorder{interval: newHistogram()}
	streams, err := l.dial(ctx, o.addr(), o.conns, unlimited)
	if err != nil {
		return err
	}
	sending, stop := context.WithCancel(ctx)
	defer stop()
	finished := make(chan error, 1)
	go func() {
		_, err := l.run(sending, streams)
		stop() // a failure ends the report
		finished <- err
	}()

	total, elapsed := report(sending, l.latencies, o, stdout)
	stop()
	if err := <-finished; err != nil {
		return err
	}
	fmt.Fprintf(stdout, "sustain: %s x %d in flight x %s, %.1f s: %.0f requests/s",
		counted(o.conns, "connection"), o.window, counted(o.vectors, "vector"), elapsed.Seconds(), rate(total, elapsed))
	for _, q := range quantiles {
		fmt.Fprintf(stdout, ", p%v %.1f us", q, micros(total.ValueAtPercentile(q)))
	}
	fmt.Fprintf(stdout, ", max %.1f us, every response right\n", micros(total.Max()))
	return nil
}

// report prints a line every second after the warm-up, until the duration is
// over or ctx ends, and returns what they add up to.
func report(ctx context.Context, r *recorder, o options, stdout io.Writer) (total *hdrhistogram.Histogram, elapsed time.Duration) {
	total = newHistogram()
	waitUntil(ctx, time.Now().Add(o.warmup))
	if ctx.Err() != nil {
		return total, 0
	}
	fmt.Fprintf(stdout, "%8s %10s", "second", "requests/s")
	for _, q := range quantiles {
		fmt.Fprintf(stdout, " %10s", fmt.Sprintf("p%v_us", q))
	}
	fmt.Fprintf(stdout, " %10s\n", "max_us")

	spare := r.take(newHistogram())
	start := time.Now()
	for tick := time.Second; elapsed < o.duration && ctx.Err() == nil; tick += time.Second {
		waitUntil(ctx, start.Add(min(tick, o.duration)))
		spare.Reset()
		second, before := r.take(spare), elapsed
		elapsed = time.Since(start)
		line(stdout, second, elapsed, elapsed-before)
		total.Merge(second)
		spare = second
	}
	return total, elapsed
}

func line(stdout io.Writer, h *hdrhistogram.Histogram, at, period time.Duration) {
	fmt.Fprintf(stdout, "%8.1f %10.0f", at.Seconds(), rate(h, period))
	for _, q := range quantiles {
		fmt.Fprintf(stdout, " %10.1f", micros(h.ValueAtPercentile(q)))
	}
	fmt.Fprintf(stdout, " %10.1f\n", micros(h.Max()))
}

func waitUntil(ctx context.Context, t time.Time) {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func rate(h *hdrhistogram.Histogram, period time.Duration) float64 {
	if period <= 0 {
		return 0
	}
	return float64(h.TotalCount()) / period.Seconds()
}

func micros(nanos int64) float64 { return float64(nanos) / 1000 }
