//go:build linux

package main

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/disrust/disrust/client"
)

// call is the caller in Go. Its arguments are those of Caller.java, which it resembles: the
// first run does not count, and with several calls in flight it waits for the oldest.
func call(w io.Writer, args []string) error {
	rows, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	inFlight, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	limit, err := time.ParseDuration(args[3] + "s")
	if err != nil {
		return err
	}
	c, err := client.Dial(context.Background(), client.Config{Addrs: args[:1]})
	if err != nil {
		return err
	}
	defer c.Close()
	calls := prepare(c.Servers()[0], rows, inFlight)
	if _, err := run(c, calls, limit); err != nil {
		return err
	}
	began, used := time.Now(), cpu()
	times, err := run(c, calls, limit)
	if err != nil {
		return err
	}
	f := figures{Calls: float64(len(times)), Seconds: time.Since(began).Seconds(), CPU: (cpu() - used).Seconds()}
	slices.Sort(times)
	f.P50, f.P99 = times[len(times)/2].Seconds(), times[len(times)/100*99].Seconds()
	return json.NewEncoder(w).Encode(f)
}

func prepare(model client.Server, rows, inFlight int) []client.Call {
	features := make([]float32, rows*model.Dim)
	for k := range features {
		features[k] = float32(k % 1021)
	}
	calls := make([]client.Call, inFlight)
	for k := range calls {
		calls[k] = client.Call{Rows: features, Dst: make([]float32, rows*model.Outputs)}
	}
	return calls
}

// run makes calls for some time, and returns how long each took.
func run(c *client.Client, calls []client.Call, limit time.Duration) (times []time.Duration, err error) {
	ctx, end := context.Background(), time.Now().Add(limit)
	if len(calls) == 1 {
		for at := time.Now(); at.Before(end); {
			if err := c.Score(ctx, calls[0].Dst, calls[0].Rows); err != nil {
				return nil, err
			}
			now := time.Now()
			times = append(times, now.Sub(at))
			at = now
		}
		return times, nil
	}
	began := make([]time.Time, len(calls))
	for k := range calls {
		began[k] = time.Now()
		c.Start(&calls[k])
	}
	for k, inFlight := 0, len(calls); inFlight > 0; k = (k + 1) % len(calls) {
		if err := calls[k].Wait(ctx); err != nil {
			return nil, err
		}
		now := time.Now()
		times = append(times, now.Sub(began[k]))
		if now.After(end) {
			inFlight--
			continue
		}
		began[k] = now
		c.Start(&calls[k])
	}
	return times, nil
}

// cpu returns the processor time of this process.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it cannot fail
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
