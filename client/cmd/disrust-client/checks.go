package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/disrust/disrust/client"
)

const pipelineRequests = 1000

// smoke scores the smallest and largest requests through the client library.
func smoke(ctx context.Context, o options, stdout io.Writer) error {
	cfg := o.client()
	cfg.Addrs = []string{o.addr()}
	c, err := client.Dial(ctx, cfg)
	if err != nil {
		return cannotReach(o.addr(), err)
	}
	defer c.Close()
	sizes, vectors := smokeSizes(o.format.MaxVectors), 0
	for _, size := range sizes {
		if err := smokeOnce(ctx, o, c, vectors, size); err != nil {
			return err
		}
		vectors += size
	}
	fmt.Fprintf(stdout, "smoke: %s, %s, every score right\n", counted(len(sizes), "request"), counted(vectors, "vector"))
	return nil
}

func smokeSizes(most int) []int {
	sizes := []int{1, min(2, most), max(1, most-1), most}
	slices.Sort(sizes)
	return slices.Compact(sizes)
}

func smokeOnce(ctx context.Context, o options, c *client.Client, first, size int) error {
	ctx, cancel := context.WithTimeout(ctx, o.stall)
	defer cancel()
	rows, want := rowsFrom(first, size, o.format.Dim)
	got := make([]float32, size)
	if err := c.Score(ctx, got, rows); err != nil {
		return fmt.Errorf("request of %s: %w%s", counted(size, "vector"), err, hint(err))
	}
	for i := range got {
		if got[i] != want[i] {
			return fmt.Errorf("answered wrongly: score %d of %d is %v, not %v", i+1, size, got[i], want[i])
		}
	}
	return nil
}

// hint is what to look at first when the server stayed silent or closed the
// connection: either happens when the two ends see frames of different sizes.
func hint(err error) string {
	if errors.Is(err, context.Canceled) {
		return ""
	}
	return " (does the server have the same --dim and --max-vectors?)"
}

// pipeline sends all its requests before it needs a single answer.
func pipeline(ctx context.Context, o options, stdout io.Writer) error {
	o.window = pipelineRequests
	l := newLoad(o, mixed(o.format))
	streams, err := l.dial(ctx, o.addr(), 1, pipelineRequests)
	if err != nil {
		return err
	}
	answered, err := l.run(ctx, streams)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "pipeline: %s, %s, every response right\n",
		counted(answered, "request"), counted(l.pattern.vectors(int(answered)), "vector"))
	return nil
}

// bench measures a closed loop: each answer lets the next request go.
func bench(ctx context.Context, o options, stdout io.Writer) error {
	l := newLoad(o, uniform(o.format, o.vectors))
	streams, err := l.dial(ctx, o.addr(), o.conns, int64(o.requests))
	if err != nil {
		return err
	}
	start := time.Now()
	answered, err := l.run(ctx, streams)
	if err != nil {
		return err
	}
	seconds := time.Since(start).Seconds()
	fmt.Fprintf(stdout, "bench: %s on %s in %.3f s: %.0f requests/s, every response right\n",
		counted(answered, "request"), counted(o.conns, "connection"), seconds, float64(answered)/seconds)
	return nil
}

// counted is "1 vector" or "2 vectors".
func counted[N int | int64](count N, what string) string {
	if count != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", count, what)
}
