//go:build linux

package server

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/eventfd"
	"github.com/disrust/disrust/ringbuf"
	"github.com/disrust/disrust/server/internal/loop"
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/server/internal/osthread"
	"github.com/disrust/disrust/server/internal/waiting"
	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
)

// build makes everything that serve will run. It starts the goroutines of the I/O threads,
// because an io_uring belongs to the thread that made it, and because the thread that uses
// memory should touch it first. These goroutines wait for begin.
func (s *Server) build(ctx context.Context) error {
	begin, built := make(chan bool, s.cfg.IOThreads), false
	defer func() { // also when something here panics and Start's caller recovers
		for range s.threads {
			begin <- built
		}
		if !built {
			s.ioThreads.Wait()
			s.free()
		}
	}()
	openPoller()
	if err := s.makeRequests(); err != nil {
		return err
	}
	for i := range s.cfg.IOThreads {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := s.makeThread(ctx, i, begin); err != nil {
			return environmentError("I/O thread %d: %v", i, err)
		}
	}
	if err := s.makeBatchers(ctx); err != nil {
		return err
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := s.listeners.Listen(); err != nil { // last, so that every client that can connect is served
		return err
	}
	built = true
	return nil
}

// openPoller makes Go's runtime open the descriptors of its poller, which it does with the
// first timer of the process. The runtime crashes when it cannot open them, so it must open
// them before connections have taken all descriptors.
func openPoller() { time.Sleep(time.Nanosecond) }

// makeRequests makes one request ring for all I/O threads or, inline, one per I/O thread.
func (s *Server) makeRequests() (err error) {
	if s.placement == Inline {
		for range s.cfg.IOThreads {
			ring, err := ringbuf.NewSPSC[batcher.Request](s.cfg.requestShare(), ringbuf.BusySpin{})
			if err != nil {
				return err
			}
			s.requests = append(s.requests, ring)
		}
		return nil
	}
	if s.batchWake, err = eventfd.New(); err != nil {
		return err
	}
	ring, err := ringbuf.NewMPSC[batcher.Request](s.cfg.RequestRing, timedWaiter{s.newWaiter(s.batchWake), &s.batchTimes, s.clock})
	s.requests = []*ringbuf.Ring[batcher.Request]{ring}
	return err
}

// newWaiter returns the wait strategy of a thread for one kind of work. event wakes the
// thread.
func (s *Server) newWaiter(event *eventfd.EventFD) *waiting.Waiter {
	return waiting.New(waiting.Strategy(s.cfg.Wait), event, &s.pollers)
}

// makeThread makes I/O thread i on an OS thread of its own.
func (s *Server) makeThread(ctx context.Context, i int, begin <-chan bool) (err error) {
	t := &thread{}
	if t.wake, err = eventfd.New(); err != nil {
		return err
	}
	wait := s.newWaiter(t.wake)
	t.responses, err = ringbuf.NewSPSC[batcher.Response](s.cfg.responseSlots(), wait)
	if err != nil {
		t.wake.Close()
		return err
	}
	cfg := loop.Config{
		Format: s.cfg.format(), Welcome: s.cfg.welcome(), Violations: s.violations, Limits: s.cfg.limits(), Conns: &s.conns, Allow: s.cfg.Allow, Proxies: s.cfg.ProxyProtocol, WakeFD: t.wake.FD(),
		Listeners: s.listeners.Thread(i),
		Requests:  s.requests[i%len(s.requests)].Producer(), Responses: t.responses.Consumer(),
		Batches: make([]batcher.Batch, t.responses.Capacity()), Clock: s.clock,
	}
	if s.cfg.Wait != WaitBlock {
		cfg.RequestWaiter, cfg.AnswerWaiter = wait, s.newWaiter(t.wake)
	}
	if s.placement == Dedicated {
		cfg.Source = uint16(i) // inline, a thread is the only source of its batcher
	}
	made := make(chan error)
	s.ioThreads.Add(1)
	go s.run(ctx, t, i, cfg, made, begin)
	if err := <-made; err != nil {
		t.wake.Close()
		return err
	}
	s.threads = append(s.threads, t)
	return nil
}

// run is the life of an I/O thread. It never unlocks its OS thread, so that thread ends with
// the goroutine: Go must run nothing else on a thread that may be pinned.
//
// If the model ends or unlocks the goroutine, the server ends in order, with the cause. A panic
// of the server's own code is not recovered, here or on the batch thread: it says that an
// invariant is broken, after which answers could be wrong, so it must end the process.
func (s *Server) run(ctx context.Context, t *thread, i int, cfg loop.Config, made chan<- error, begin <-chan bool) {
	defer s.ioThreads.Done()
	runtime.LockOSThread()
	osThread := unix.Gettid()
	err := s.pin(i)
	if err == nil {
		t.backend, err = s.io.newBackend(ctx, netio.Config{Conns: s.cfg.MaxConns, ReceiveBytes: loop.ReceiveBytes(cfg.Format)})
	}
	if err != nil {
		made <- err
		return
	}
	defer s.leave(osThread, s.io.IO == IOUring, func() { t.backend.Free() })
	cfg.Backend = t.backend
	t.Thread, err = loop.New(cfg)
	made <- err
	if err != nil || !<-begin {
		return
	}
	defer func() {
		t.over.Store(true)
		switch {
		case t.Exited():
			err = batcher.ErrExited
		case errors.Is(err, uring.ErrOtherThread):
			err = errUnlocked
		}
		if err != nil {
			s.fail(&fault{fmt.Sprint("I/O thread ", i), err})
		}
	}()
	err = t.Run()
}

// errUnlocked says why an I/O thread cannot go on: its io_uring belongs to an OS thread that
// its goroutine has lost.
var errUnlocked = errors.New("the model unlocked its OS thread (runtime.UnlockOSThread)")

// leave frees what the calling thread holds and ends osThread, on which it began, if that is
// pinned or has an io_uring. The kernel ends an io_uring only with the thread that made it, so
// free must run there, also if the model has unlocked the goroutine and Go runs it elsewhere by
// now.
func (s *Server) leave(osThread int, hasRing bool, free func()) {
	if !hasRing && !s.cfg.Pin {
		free()
		return
	}
	if !osthread.End(osThread, free) {
		free()
		s.cfg.Log.Warn("the model has unlocked a thread that is occupied now: the thread keeps its CPU and its io_uring", "thread", osThread)
	}
}

// makeBatchers makes the batcher of the batch thread or, inline, one per I/O thread.
func (s *Server) makeBatchers(ctx context.Context) error {
	sources := make([]batcher.Source, len(s.threads))
	for i, t := range s.threads {
		sources[i] = t.Source(t.responses.Producer())
	}
	if s.placement == Dedicated {
		_, err := s.makeBatcher(ctx, s.requests[0], sources)
		return err
	}
	for i, t := range s.threads {
		b, err := s.makeBatcher(ctx, s.requests[i], sources[i:i+1])
		if err != nil {
			return err
		}
		t.ScoreInline(b, enoughRows(s.cfg.cost, s.cfg.Dim))
	}
	return nil
}

func (s *Server) makeBatcher(ctx context.Context, requests *ringbuf.Ring[batcher.Request], sources []batcher.Source) (*batcher.Batcher, error) {
	b, err := ask(ctx, &s.cfg, func() (*batcher.Batcher, error) {
		return batcher.New(batcher.Config{
			Model: s.cfg.Model, Dim: s.cfg.Dim, Requests: requests.Consumer(), Sources: sources, OnFailure: s.failures.note, Clock: s.batchClock(),
		})
	})
	s.batchers = append(s.batchers, b)
	return b, err
}

// serve starts the batch thread, and waits in the background until all threads have ended.
func (s *Server) serve() {
	if s.placement == Dedicated {
		s.batchThread.Add(1)
		go s.runBatches()
	}
	go func() {
		s.ioThreads.Wait()
		for _, r := range s.requests {
			r.Close()
		}
		s.batchThread.Wait()
		for _, t := range s.threads {
			t.DropModel()
		}
		s.violations.Flush()
		s.failures.flush()
		s.free()
		if err := s.listeners.Remove(); err != nil {
			s.cfg.Log.Warn("a socket file was not removed", "error", err)
		}
		close(s.stopped)
		s.log.Flush()
		s.life.advance(Ended)
		close(s.ended)
	}()
}

// runBatches is the life of the batch thread. If the model ends the goroutine, the I/O threads
// still wait for their answers: the batcher answers that all requests have failed.
func (s *Server) runBatches() {
	defer s.batchThread.Done()
	runtime.LockOSThread()
	osThread := unix.Gettid()
	defer s.leave(osThread, false, func() {})
	if err := s.pin(s.cfg.IOThreads); err != nil {
		s.cfg.Log.Warn("the batch thread is not pinned", "error", err)
	}
	b := s.batchers[0]
	defer func() {
		if b.Exited() {
			s.fail(&fault{"batch thread", batcher.ErrExited})
			b.Run()
		}
	}()
	b.Run()
}

// free gives memory and descriptors back to the kernel. All threads have ended.
func (s *Server) free() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, t := range s.threads {
		if err := t.Close(); err != nil {
			s.cfg.Log.Error("freeing memory", "error", err)
		}
		t.wake.Close()
	}
	if s.batchWake != nil {
		s.batchWake.Close()
	}
}

// fail records the error that ended a thread early, and ends the other threads.
func (s *Server) fail(err error) {
	s.mu.Lock()
	if s.failed == nil {
		s.failed = err
	}
	s.mu.Unlock()
	s.life.advance(Draining)
	s.cfg.Log.Error("the server ends", "error", err.Error())
	s.each((*loop.Thread).Abort)
}
