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

// warmUp is how many calls come before those that count.
const warmUp = 2000

// call is the caller in Go. Its arguments are those of every caller: ADDR ROWS IN_FLIGHT SECONDS.
func call(w io.Writer, args []string) error {
	rows, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	inFlight, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseFloat(args[3], 64)
	if err != nil {
		return err
	}
	c, err := client.Dial(context.Background(), client.Config{Addrs: args[:1]})
	if err != nil {
		return err
	}
	defer c.Close()
	l := newLoad(c, rows, inFlight)
	if _, err := l.run(warmUp, 0); err != nil {
		return err
	}
	began, used := time.Now(), processorTime()
	times, err := l.run(1, time.Duration(seconds*float64(time.Second)))
	if err != nil {
		return err
	}
	f := figures{Calls: float64(len(times)), Seconds: time.Since(began).Seconds(), CPU: (processorTime() - used).Seconds()}
	slices.Sort(times)
	f.P50, f.P99 = times[len(times)/2].Seconds(), times[len(times)/100*99].Seconds()
	return json.NewEncoder(w).Encode(f)
}

// load is calls that are made again and again.
type load struct {
	client *client.Client
	calls  []client.Call
	began  map[*client.Call]time.Time
	done   chan *client.Call
}

func newLoad(c *client.Client, rows, inFlight int) *load {
	model := c.Servers()[0]
	l := &load{c, make([]client.Call, inFlight), make(map[*client.Call]time.Time), make(chan *client.Call, inFlight)}
	for k := range l.calls {
		features := make([]float32, rows*model.Dim)
		for j := range features {
			features[j] = float32(j % 1021)
		}
		l.calls[k] = client.Call{Rows: features, Dst: make([]float32, rows*model.Outputs), Done: l.done}
	}
	return l
}

// run makes calls for some time, and at least so many. It returns how long each took.
func (l *load) run(least int, limit time.Duration) (times []time.Duration, err error) {
	if len(l.calls) == 1 {
		return l.oneByOne(least, limit)
	}
	begin := time.Now()
	for k := range l.calls {
		l.start(&l.calls[k])
	}
	for inFlight := len(l.calls); inFlight > 0; {
		call := <-l.done
		if err := call.Wait(context.Background()); err != nil {
			return nil, err
		}
		times = append(times, time.Since(l.began[call]))
		if len(times) >= least && time.Since(begin) >= limit {
			inFlight--
			continue
		}
		l.start(call)
	}
	return times, nil
}

func (l *load) start(call *client.Call) {
	l.began[call] = time.Now()
	l.client.Start(call)
}

func (l *load) oneByOne(least int, limit time.Duration) (times []time.Duration, err error) {
	begin := time.Now()
	for at := begin; len(times) < least || at.Sub(begin) < limit; {
		if err := l.client.Score(context.Background(), l.calls[0].Dst, l.calls[0].Rows); err != nil {
			return nil, err
		}
		now := time.Now()
		times = append(times, now.Sub(at))
		at = now
	}
	return times, nil
}

// processorTime returns the processor time of this process.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it cannot fail
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
