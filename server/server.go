//go:build linux

package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/eventfd"
	"github.com/disrust/disrust/ringbuf"
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/listen"
	"github.com/disrust/disrust/server/internal/logqueue"
	"github.com/disrust/disrust/server/internal/loop"
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/server/internal/stages"
	"github.com/disrust/disrust/server/internal/violation"
)

// Server serves from Start until Shutdown. All its methods may be called by any goroutine.
type Server struct {
	cfg        Config          // its Log is in front of log
	log        *logqueue.Queue // what threads log waits here, and not the threads
	placement  BatchThreads
	io         chosenIO
	listeners  *listen.Set
	threads    []*thread
	batchers   []*batcher.Batcher
	requests   []*ringbuf.Ring[batcher.Request] // one for all I/O threads, or one per I/O thread
	batchWake  *eventfd.EventFD                 // wakes the batch thread
	failures   *failureLog
	violations *violation.Log
	conns      atomic.Int64 // open connections of all I/O threads
	started    time.Time
	clock      func() int64 // nanoseconds since started, not changed by who sets the machine's time
	batchTimes stages.Times // of the batch thread
	times      times
	peaks      peaks
	pollers    atomic.Int32 // threads that poll for work now

	ioThreads   sync.WaitGroup
	batchThread sync.WaitGroup
	stopped     chan struct{} // closed when all threads have ended and all memory is free
	ended       chan struct{} // closed after stopped, when the log is written too

	reloading chan struct{} // holds one element while a Reload is at work
	replaced  uint32        // how many replacements of the model have begun; written by who is reloading, with mu

	life   life
	mu     sync.Mutex // guards closed and failed, and after Start the model in cfg, with all that follows from it
	closed bool       // the eventfds are closed
	failed error      // the first error that ended a thread
}

// thread is an I/O thread and what the rest of the server shares with it.
type thread struct {
	*loop.Thread
	backend   netio.Backend
	wake      *eventfd.EventFD
	responses *ringbuf.Ring[batcher.Response]
	over      atomic.Bool // its loop has ended
}

// Start opens the listeners and serves them. When it returns, the server accepts
// connections. Its errors are sentences for the person who chose the Config.
//
// When ctx ends before that, Start gives up and returns the context's error. It notices
// this between the memory of one thread and that of the next, and while it waits for the
// model. A call of the model that has not returned by then is left behind on a goroutine. After
// Start has returned, ctx has no meaning.
//
// Start asks the model for its shape and its scorers. If the Config leaves threads open and the
// model's cost decides, or if the model is a [batcher.Sampler], Start also scores rows, for half a second
// at most unless a single call takes longer. A model that panics or fails then is refused. The log
// has the stack of a panic.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	queued := logqueue.Of(cfg.Log.Handler())
	cfg.Log = slog.New(queued)
	s, err := start(ctx, cfg, queued.Queue())
	if err != nil {
		queued.Queue().Flush()
		return nil, explain(err)
	}
	return s, nil
}

// start is Start with a Config whose Log is in front of log.
func start(ctx context.Context, cfg Config, log *logqueue.Queue) (*Server, error) {
	placement, err := cfg.settle(ctx)
	if err != nil {
		return nil, err
	}
	io, err := cfg.chooseIO(ctx)
	if err != nil {
		return nil, err
	}
	listeners, err := listen.Open(cfg.listeners())
	if err != nil {
		return nil, err
	}
	// A locked thread gives its P up when it blocks, and must find one at once when it returns.
	if procs := cpus + cfg.IOThreads + 1; runtime.GOMAXPROCS(0) < procs {
		runtime.GOMAXPROCS(procs)
	}
	began := time.Now()
	clock := func() time.Duration { return time.Since(began) } // monotonic: setting the machine's time does not change it
	stamp := func() int64 { return int64(time.Since(began)) }
	s := &Server{
		cfg: cfg, log: log, placement: placement, io: io, listeners: listeners, started: began, clock: stamp,
		failures: &failureLog{log: cfg.Log, now: clock}, violations: violation.NewLog(cfg.Log, clock),
		stopped: make(chan struct{}), ended: make(chan struct{}), reloading: make(chan struct{}, 1),
		life: life{changed: make(chan struct{})},
	}
	built := false
	defer func() { // also when something panics and Start's caller recovers
		if !built {
			listeners.Close()
		}
	}()
	if err := s.build(ctx); err != nil {
		return nil, err
	}
	built = true
	s.life.advance(Ready)
	s.serve()
	return s, nil
}

// explain adds to an error which fields of the Config can avoid it.
func explain(err error) error {
	switch {
	case errors.Is(err, listen.ErrServed):
		return environmentError("%v (%v joins a server that shares it, or takes over from it)", err, name("SharePort"))
	case errors.Is(err, blocks.ErrNoAddressSpace):
		return environmentError("%v: lower %v or %v, or allow the process more (ulimit -v, vm.overcommit_memory)", err, name("MaxConns"), name("MaxVectors"))
	}
	return err
}

// Addrs returns the addresses that the server serves, in the order of the Config.
func (s *Server) Addrs() []net.Addr { return s.listeners.Addrs() }

// Addr returns the first of Addrs.
func (s *Server) Addr() net.Addr { return s.Addrs()[0] }

// Shutdown drains the server: it stops accepting, reads what has arrived, answers it, and
// closes each connection so that its peer gets the last answers and then EOF. It tells the
// peers of version 2 connections that it is going away, and closes such a connection when its
// peer has half-closed it. It waits a second for the first bytes of a connection that has brought
// fewer than four, which do not tell its version. When ctx ends first, it closes the connections
// that are left. If one of them had not got all its answers, it returns an error that wraps
// [ErrCut]. It may be called more than once.
func (s *Server) Shutdown(ctx context.Context) error {
	s.life.advance(Draining)
	s.each((*loop.Thread).Stop)
	select {
	case <-s.stopped:
		return s.outcome()
	case <-ctx.Done():
	}
	s.each((*loop.Thread).Abort)
	select {
	case <-s.stopped:
		return s.outcome()
	case <-time.After(abortGrace):
		return fmt.Errorf("%w; the model has not returned", ErrCut)
	}
}

// ErrCut says that a drain was cut short: some connections did not get their answers.
var ErrCut = errors.New("connections were closed before they were done")

// abortGrace bounds how long Shutdown waits for the threads after it has told them to close
// everything. They take longer than an instant only while the model does not return.
const abortGrace = time.Second

// outcome waits for the log and returns Shutdown's result. The threads have ended.
func (s *Server) outcome() error {
	<-s.ended
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil && slices.ContainsFunc(s.threads, func(t *thread) bool { return t.Cut() }) {
		return ErrCut
	}
	return s.failed
}

// Done returns a channel that is closed when the server has ended: after Shutdown, or
// because the kernel refused to go on, or because the model ended or unlocked a goroutine.
// Shutdown then returns the cause.
func (s *Server) Done() <-chan struct{} { return s.ended }

// each calls tell for every I/O thread, and wakes the thread so that it notices.
func (s *Server) each(tell func(*loop.Thread)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.threads {
		tell(t.Thread)
		if !s.closed {
			t.wake.Signal() // cannot fail on an open eventfd
		}
	}
}

// Run serves until ctx ends, and then drains as [Server.Drain] does. The end of ctx is not an
// error. When the server is ready, Run logs where it serves. Without a Config.Log it
// uses slog.Default(): Run is the whole of many programs, and a person who starts one looks for
// that line.
func Run(ctx context.Context, cfg Config) error {
	s, err := Start(ctx, cfg)
	if err != nil {
		if errors.Is(err, context.Cause(ctx)) {
			return nil // ctx ended before the server accepted connections
		}
		return err
	}
	s.cfg.Log.Info("ready", "server", s.String())
	select {
	case <-ctx.Done():
	case <-s.Done():
	}
	return s.Drain(context.Background())
}
