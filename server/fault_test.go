//go:build linux

package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
	"golang.org/x/sys/unix"
)

// TestModelEndsGoroutine: the model ends the goroutine of an I/O thread or of the batch thread.
// The server closes all connections and ends; Shutdown and Run say why.
func TestModelEndsGoroutine(t *testing.T) {
	eachFaultyServer(t, times, with(failing(func() error { runtime.Goexit(); return nil })), func(t *testing.T, cfg server.Config) {
		s, err := server.Start(t.Context(), cfg)
		rawtest.Check(t, err)
		addr := s.Addr().String()
		var idle [4]*loop
		for i := range idle {
			idle[i] = newLoop(t, addr, rawtest.Source{Dim: 128, Client: i})
			rawtest.Check(t, idle[i].turn())
		}
		requests, answers := rawtest.Source{Dim: 128, Client: 9}.Pipeline(0, 3)
		rawtest.Check(t, exchangePoisoned(addr, requests, answers))
		for _, l := range idle {
			io.Copy(io.Discard, l) // until EOF or a reset
			rawtest.Check(t, l.Close())
		}
		<-s.Done()
		if err := s.Shutdown(context.Background()); err == nil || !strings.Contains(err.Error(), "runtime.Goexit") || !errors.Is(err, batcher.ErrExited) {
			t.Errorf("Shutdown returned %v, want that the model ended its goroutine", err)
		}
		listens(t, addr)
	})
}

// TestModelUnlocksThread: the model unlocks its OS thread, and lets Go run the goroutine
// elsewhere. Whether or not the server can go on, at its end it holds nothing any more. Threads
// that were pinned or had an io_uring have ended.
func TestModelUnlocksThread(t *testing.T) {
	var firsts sync.Map // the numbers of these threads
	unlocking := &unlocker{firsts: &firsts}
	eachFaultyServer(t, anyNumber, func(cfg *server.Config) {
		cfg.Model, cfg.ModelName, cfg.Pin = unlocking, "unlocker", cfg.IOThreads == 2
	}, func(t *testing.T, cfg server.Config) {
		s, err := server.Start(t.Context(), cfg)
		rawtest.Check(t, err)
		addr := s.Addr().String()
		rawtest.Each(4, func(client int) error {
			requests, answers := rawtest.Source{Dim: 128, Client: client}.Pipeline(0, mixed(20, 8)...)
			return exchange(addr, requests, answers) // the server may have to end
		})
		if err := s.Shutdown(context.Background()); err != nil && !strings.Contains(err.Error(), "runtime.UnlockOSThread") {
			t.Errorf("Shutdown returned %v", err)
		}
		listens(t, addr)
		firsts.Range(func(thread, _ any) bool {
			if !cfg.Pin && (cfg.IO != server.IOUring || cfg.BatchThreads == server.Dedicated) || thread == os.Getpid() {
				return true // the thread holds nothing, or it is the main thread, which never ends
			}
			rawtest.Until(t, fmt.Sprintf("thread %d has ended", thread), func() bool {
				return unix.Tgkill(os.Getpid(), thread.(int), 0) != nil
			})
			return true
		})
		firsts.Clear()
	})
}

// unlocker is a model that sums, and its scorer.
type unlocker struct {
	firsts *sync.Map
	called bool
}

func (u *unlocker) Shape() batcher.Shape      { return batcher.Shape{Outputs: 1} }
func (u *unlocker) NewScorer() batcher.Scorer { return &unlocker{firsts: u.firsts} }

func (u *unlocker) Score(rows []float32, dim int, out []float32) error {
	if !u.called {
		u.called = true
		u.firsts.Store(unix.Gettid(), true)
	}
	for range 10 {
		runtime.UnlockOSThread()
	}
	time.Sleep(time.Microsecond) // so that the goroutine is scheduled anew
	return sum(rows, dim, out)
}

// listens asserts that another listener can have the address, which has to be free, or is so
// once the kernel has cancelled the operations of an io_uring.
func listens(t *testing.T, addr string) {
	t.Helper()
	rawtest.Until(t, addr+" is free", func() bool {
		l, err := net.Listen("tcp", addr)
		if err == nil {
			l.Close()
		}
		return err == nil
	})
}

const (
	// times is how often a fault is repeated: what it leaves behind each time shows in the sum.
	times = 8

	// anyNumber of threads may be left where Go starts threads for the search of one that a
	// model has unlocked: the test itself checks the threads that matter.
	anyNumber = math.MaxInt / 2
)

// eachFaultyServer runs test several times in each placement and on each backend, and asserts
// that descriptors and threads do not become more.
func eachFaultyServer(t *testing.T, spare int, tweak func(*server.Config), test func(*testing.T, server.Config)) {
	for _, placement := range []server.BatchThreads{server.Inline, server.Dedicated} {
		for name, io := range rawtest.Backends {
			for threads := 1; threads <= 2; threads++ {
				t.Run(fmt.Sprintf("%v/%s/threads=%d", placement, name, threads), func(t *testing.T) {
					cfg := rawtest.Config()
					cfg.BatchThreads, cfg.IO, cfg.IOThreads, cfg.MaxConns = placement, io, threads, 64
					tweak(&cfg)
					rawtest.Size(&cfg)
					leavesNothing(t, spare, func() { test(t, cfg) })
				})
			}
		}
	}
}

// leavesNothing calls test several times, and asserts that descriptors, goroutines and threads
// do not become more, except that Go may keep fewer than spare threads more.
func leavesNothing(t *testing.T, spare int, test func()) {
	t.Helper()
	test() // Go opens its poller
	descriptors, threads := entries(t, "/proc/self/fd"), entries(t, "/proc/self/task")
	for range times {
		test()
	}
	rawtest.Until(t, "the descriptors are as many as before", func() bool { return entries(t, "/proc/self/fd") <= descriptors })
	rawtest.Until(t, "the server's goroutines have ended", func() bool { return rawtest.Goroutines() == 0 })
	rawtest.Until(t, "the server's threads have ended", func() bool { return entries(t, "/proc/self/task") < threads+spare })
}

func entries(t *testing.T, folder string) int {
	t.Helper()
	list, err := os.ReadDir(folder)
	rawtest.Check(t, err)
	return len(list)
}

// faulty is a model whose methods fail as a test says.
type faulty struct{ shape, scorer, score func() }

func (f faulty) Shape() batcher.Shape {
	f.shape()
	return batcher.Shape{Outputs: 1}
}

func (f faulty) NewScorer() batcher.Scorer {
	f.scorer()
	return f
}

func (f faulty) Score(rows []float32, dim int, out []float32) error {
	f.score()
	return sum(rows, dim, out)
}

// eachMethod calls test with models that call fail in one of their methods. Their cost matters
// to the server, so that Start calls all of them.
func eachMethod(t *testing.T, fail func(), test func(t *testing.T, cfg server.Config)) {
	nothing := func() {}
	for name, model := range map[string]faulty{
		"Shape": {fail, nothing, nothing}, "NewScorer": {nothing, fail, nothing}, "Score": {nothing, nothing, fail},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := rawtest.Config()
			cfg.Model, cfg.ModelName, cfg.IOThreads, cfg.MaxConns = model, "faulty", 0, 64
			rawtest.Size(&cfg)
			test(t, cfg)
		})
	}
}

// TestModelFailsAtStart: Start refuses a model that panics or ends its goroutine, in a sentence,
// and leaves nothing behind. The log has the stack of a panic.
func TestModelFailsAtStart(t *testing.T) {
	for want, fail := range map[string]func(){
		"model faulty: the model panicked: poisoned":                   func() { panic(errPoison) },
		"model faulty: the model ended its goroutine (runtime.Goexit)": runtime.Goexit,
	} {
		eachMethod(t, fail, func(t *testing.T, cfg server.Config) {
			var text strings.Builder
			cfg.Log = slog.New(slog.NewTextHandler(&text, nil))
			leavesNothing(t, times, func() {
				text.Reset()
				if _, err := server.Start(t.Context(), cfg); err == nil || err.Error() != want {
					t.Fatalf("Start returned %v, want %s", err, want)
				}
			})
			if strings.Contains(want, "panicked") != strings.Contains(text.String(), "TestModelFailsAtStart") {
				t.Errorf("the log is %q", &text)
			}
		})
	}
}

// TestModelRefusesAtStart: Start returns the error of a model that it measures.
func TestModelRefusesAtStart(t *testing.T) {
	cfg := rawtest.Config()
	cfg.IOThreads = 0
	with(func([]float32, int, []float32) error { return errPoison })(&cfg)
	rawtest.Size(&cfg)
	if _, err := server.Start(t.Context(), cfg); !errors.Is(err, errPoison) {
		t.Errorf("Start returned %v, want %v", err, errPoison)
	}
}

// TestModelHangsAtStart: the model never returns. Start returns when its context ends.
func TestModelHangsAtStart(t *testing.T) {
	inModel, goOn := make(chan struct{}, 1), make(chan struct{})
	hang := func() {
		inModel <- struct{}{}
		<-goOn
	}
	eachMethod(t, hang, func(t *testing.T, cfg server.Config) {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-inModel
			cancel()
		}()
		if _, err := server.Start(ctx, cfg); !errors.Is(err, context.Canceled) {
			t.Errorf("Start returned %v, want %v", err, context.Canceled)
		}
	})
	close(goOn)
	rawtest.Until(t, "the goroutines that were left behind have ended", func() bool { return rawtest.Goroutines() == 0 })
}

// TestPanicIsLoggedWithStack: the log of a panic while the server serves has its stack.
func TestPanicIsLoggedWithStack(t *testing.T) {
	var text strings.Builder
	cfg := rawtest.Config()
	cfg.Log, cfg.IOThreads, cfg.BatchThreads = slog.New(slog.NewTextHandler(&text, nil)), 1, server.Inline
	with(failing(func() error { panic(errPoison) }))(&cfg)
	rawtest.Size(&cfg)
	s, err := server.Start(t.Context(), cfg)
	rawtest.Check(t, err)
	requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, 3)
	rawtest.Check(t, exchangePoisoned(s.Addr().String(), requests, answers))
	rawtest.Check(t, s.Shutdown(context.Background()))
	if !strings.Contains(text.String(), "TestPanicIsLoggedWithStack") {
		t.Errorf("the log is %q", &text)
	}
}
