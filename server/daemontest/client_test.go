//go:build linux

package daemontest_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/server/daemontest"
)

func TestAllSizes(t *testing.T) {
	d := start(t, "--port", "0")
	c := dial(t, client.Config{Addrs: []string{d.Addr}, Conns: 2})
	for vectors := 1; vectors <= 200; vectors++ {
		if err := score(t.Context(), c, 300*vectors, vectors); err != nil {
			t.Fatalf("%d vectors: %v", vectors, err)
		}
	}
}

// load calls Score from several goroutines until stopped.
type load struct {
	stop   context.CancelFunc
	done   sync.WaitGroup
	scored atomic.Int64
}

// underLoad starts a load; failed judges each error, true to go on.
func underLoad(c *client.Client, failed func(error) (goOn bool)) *load {
	ctx, stop := context.WithTimeout(context.Background(), safety)
	l := &load{stop: stop}
	for g := range 16 {
		l.done.Go(func() {
			for k := 0; ctx.Err() == nil; k++ {
				if err := score(context.Background(), c, 10_000*g+k%5000, 1+k%100); err == nil {
					l.scored.Add(1)
				} else if !failed(err) {
					return
				}
			}
		})
	}
	return l
}

// proceed waits until so many calls more have been answered.
func (l *load) proceed(t *testing.T, calls int64) {
	t.Helper()
	goal := l.scored.Load() + calls
	check(t, daemontest.Await(safety, "answers under load", func() bool { return l.scored.Load() >= goal || t.Failed() }))
}

func (l *load) end() {
	l.stop()
	l.done.Wait()
}

// TestFailover kills and restarts two daemons in turn under load: with Retry
// every call returns the right scores.
func TestFailover(t *testing.T) {
	daemons := []*daemontest.Daemon{start(t, "--port", "0"), start(t, "--port", "0")}
	c := dial(t, client.Config{
		Addrs:   []string{daemons[0].Addr, daemons[1].Addr},
		Conns:   2,
		Retry:   10,
		Timeout: safety,
	})
	l := underLoad(c, func(err error) bool {
		t.Error(err)
		return false
	})
	for round := range 4 {
		l.proceed(t, 200)
		victim := &daemons[round%2]
		(*victim).Kill()
		l.proceed(t, 200)
		*victim = start(t, "--port", (*victim).Port())
		l.proceed(t, 200)
	}
	l.proceed(t, 200)
	l.end()
}

// TestUnixSocket kills and restarts a daemon on a Unix socket under load, next to one on
// a port: with Retry every call returns the right scores, and the client comes back.
func TestUnixSocket(t *testing.T) {
	addr := "unix:" + t.TempDir() + "/s"
	beside, d := start(t, "--port", "0"), start(t, "--listen", addr)
	alone := dial(t, client.Config{Addrs: []string{addr}})
	for vectors := 1; vectors <= 200; vectors += 7 {
		if err := score(t.Context(), alone, 300*vectors, vectors); err != nil {
			t.Fatalf("%d vectors: %v", vectors, err)
		}
	}
	c := dial(t, client.Config{Addrs: []string{addr, beside.Addr}, Conns: 2, Retry: 10, Timeout: safety})
	l := underLoad(c, func(err error) bool {
		t.Error(err)
		return false
	})
	for range 3 {
		l.proceed(t, 200)
		d.Kill()
		l.proceed(t, 200)
		d = start(t, "--listen", addr)
		l.proceed(t, 200)
	}
	l.end()
	check(t, daemontest.Await(safety, "the client is back on the socket", func() bool { return score(t.Context(), alone, 1, 1) == nil }))
}

// TestDrain ends two daemons in turn with SIGTERM under load, and starts them again. No
// call fails, although the client sends nothing again that was lost.
func TestDrain(t *testing.T) {
	daemons := []*daemontest.Daemon{start(t, "--port", "0"), start(t, "--port", "0")}
	c := dial(t, client.Config{Addrs: []string{daemons[0].Addr, daemons[1].Addr}, Conns: 2, Timeout: safety})
	l := underLoad(c, func(err error) bool {
		t.Error(err)
		return false
	})
	for round := range 6 {
		l.proceed(t, 500)
		goes := &daemons[round%2]
		check(t, (*goes).Signal(syscall.SIGTERM))
		if status := (*goes).Status(t); status != 0 {
			t.Errorf("the daemon ended with status %d", status)
		}
		l.proceed(t, 200)
		*goes = start(t, "--port", (*goes).Port())
		l.proceed(t, 500)
	}
	l.end()
}

// TestStopped stops the daemon with SIGSTOP: calls end with their deadlines,
// and calls after SIGCONT are answered, on the connection that was there.
func TestStopped(t *testing.T) {
	d := start(t, "--port", "0")
	c := dial(t, client.Config{Addrs: []string{d.Addr}, StallTimeout: 2 * safety})
	if err := score(t.Context(), c, 1, 1); err != nil {
		t.Fatal(err)
	}
	check(t, d.Suspend())
	var callers sync.WaitGroup
	for g := range 600 { // up to 19 MiB: more than sockets hold
		callers.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if err := score(ctx, c, 1, 1+g%64); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("while stopped: %v", err)
			}
		})
	}
	callers.Wait()
	check(t, d.Resume())
	for k := range 100 {
		if err := score(t.Context(), c, 1000*k, 1+k); err != nil {
			t.Fatalf("afterwards: %v", err)
		}
	}
}

// TestStalled gives a stopped daemon up and uses the other one.
func TestStalled(t *testing.T) {
	stopped, works := start(t, "--port", "0"), start(t, "--port", "0")
	c := dial(t, client.Config{
		Addrs:        []string{stopped.Addr, works.Addr},
		StallTimeout: 250 * time.Millisecond,
		Retry:        10,
		Timeout:      safety,
	})
	check(t, stopped.Suspend())
	l := underLoad(c, func(err error) bool {
		t.Error(err)
		return false
	})
	l.proceed(t, 2000)
	check(t, stopped.Resume())
	l.proceed(t, 500)
	l.end()
}
