//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/server/bench/internal/load"
	"github.com/disrust/disrust/server/bench/internal/peer"
	"github.com/disrust/disrust/server/bench/internal/result"
	"github.com/disrust/disrust/server/daemontest"
)

// stall is how long a server may give no answer before the run fails.
const stall = 10 * time.Second

// patience is how long a server may take until its first right answer.
const patience = time.Minute

// exhausted is the share of all CPUs' time above which no CPU counts as idle.
const exhausted = 0.95

// moment is the CPU time that the server and the generator have used at a moment.
type moment struct {
	at                time.Time
	server, generator time.Duration
	err               error
}

func cpuNow(server *peer.Peer) moment {
	m := moment{at: time.Now()}
	var errs [2]error
	m.server, errs[0] = server.CPU()
	m.generator, errs[1] = daemontest.CPU(os.Getpid())
	m.err = errors.Join(errs[:]...)
	return m
}

// measure starts a contender, drives it once, and stops it. The caller sets the run's work
// and round.
func (b *bench) measure(ctx context.Context, c contender, w work) (result.Run, error) {
	server, err := peer.StartCommand(b.lines[c.name])
	if err != nil {
		return result.Run{}, err
	}
	defer server.Terminate()
	config := load.Config{Addr: server.Addr, Stall: stall}
	if !c.sum {
		config.Sample = b.sample
	}
	if err := b.settle(ctx, c, server, config); err != nil {
		return result.Run{}, err
	}
	var begin, end moment
	config.Conns, config.Window, config.Vectors, config.Rate = w.conns, w.window, w.vectors, w.rate
	config.Warmup, config.Duration = b.warmup, b.duration
	config.Begin, config.End = func() { begin = cpuNow(server) }, func() { end = cpuNow(server) }
	total, err := c.drive(ctx, config)
	if err == nil {
		err = errors.Join(begin.err, end.err)
	}
	if err == nil && ctx.Err() == nil && (total.Requests == 0 || end.at.IsZero()) {
		err = errors.New("nothing was answered after the warm-up")
	}
	if err != nil {
		server.Terminate()
		return result.Run{}, fmt.Errorf("%w; the server said %s", err, brief(server.Words()))
	}
	return newRun(c, w, total, begin, end), nil
}

// settle waits until a server with a model from a file has given its first right answer. Some take
// connections before they have loaded their model.
func (b *bench) settle(ctx context.Context, c contender, server *peer.Peer, config load.Config) error {
	if b.sample == nil {
		return nil
	}
	config.Conns, config.Window, config.Vectors, config.Duration = 1, 1, 1, time.Millisecond
	config.Begin, config.End = func() {}, func() {}
	var last error
	err := daemontest.Await(patience, "the server gives its first right answer", func() bool {
		_, last = c.drive(ctx, config)
		return last == nil || ctx.Err() != nil || server.HasEnded()
	})
	if last != nil {
		err = errors.Join(err, fmt.Errorf("no right answer: %w; the server said %s", last, brief(server.Words())))
	}
	return err
}

// maxWords is how many bytes of a server's stderr an error quotes: the first ones, where a
// panic has its reason.
const maxWords = 300

func brief(words string) string {
	if words == "" {
		return "nothing"
	}
	if len(words) > maxWords {
		words = words[:maxWords] + "..."
	}
	return strconv.Quote(words)
}

func newRun(c contender, w work, t sample.Total, begin, end moment) result.Run {
	r := result.Run{
		Peer: c.name, Requests: t.Requests, Vectors: w.vectors, Elapsed: t.Length, Asked: w.rate, Unsent: t.Unsent,
		Rate: float64(t.Requests) / t.Length.Seconds(), Latency: result.NewLatency(t.Latency),
		ServerCPU: end.server - begin.server, GeneratorCPU: end.generator - begin.generator,
		Busy: t.Busy, Limited: t.Why,
	}
	if !c.threads {
		r.Busy, r.Limited = shared(r, end.at.Sub(begin.at), runtime.NumCPU())
	}
	return r
}

// shared judges a generator that drives a client library's goroutines, on the same CPUs as
// the server. It returns the share of all CPUs that the generator used, and whether that kept
// the server from doing more.
func shared(r result.Run, elapsed time.Duration, cpus int) (busy float64, limited string) {
	all := float64(elapsed) * float64(cpus)
	busy = float64(r.GeneratorCPU) / all
	if float64(r.GeneratorCPU+r.ServerCPU) > exhausted*all && r.GeneratorCPU > r.ServerCPU {
		limited = fmt.Sprintf("the client used %.0f %% of all CPUs, the server what was left", 100*busy)
	}
	return busy, limited
}
