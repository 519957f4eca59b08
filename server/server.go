//go:build linux

package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/eventfd"
	"github.com/disrust/disrust/ringbuf"
	"github.com/disrust/disrust/server/internal/listen"
	"github.com/disrust/disrust/server/internal/loop"
	"github.com/disrust/disrust/server/internal/netio"
)

// Server serves from Start until Shutdown.
type Server struct {
	cfg       Config
	placement BatchThreads
	io        chosenIO
	listeners *listen.Set
	threads   []*thread
	batchers  []*batcher.Batcher
	requests  []*ringbuf.Ring[batcher.Request] // one for all, or one a thread
	batchWake *eventfd.EventFD                 // wakes the batch thread
	failures  failureLog
	conns     atomic.Int64 // open, of all I/O threads
	pollers   atomic.Int32 // threads that poll for work

	ioThreads   sync.WaitGroup
	batchThread sync.WaitGroup
	ended       chan struct{} // closed when all have ended and memory is free
	cut         atomic.Bool   // the drain was cut short

	mu     sync.Mutex // guards what follows
	closed bool       // the eventfds are
	failed error      // the first thread's that ended for one
}

// thread is an I/O thread and what the rest of the server shares with it.
type thread struct {
	*loop.Thread
	backend   netio.Backend
	wake      *eventfd.EventFD
	responses *ringbuf.Ring[batcher.Response]
}

func (t *thread) stop()  { t.Stop() }
func (t *thread) abort() { t.Abort() }

// Start opens the listeners and serves them. When it returns, connections are accepted.
// Errors are sentences for the person who chose the Config. When ctx ends before
// connections are accepted, Start gives up, between one thread's memory and the
// next, and returns the context's error; later ctx means nothing.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	placement, err := cfg.settle()
	if err != nil {
		return nil, err
	}
	io, err := cfg.chooseIO()
	if err != nil {
		return nil, err
	}
	listeners, err := listen.Open(cfg.listeners())
	if err != nil {
		return nil, err
	}
	// A locked thread that gives up its P must find one at once when it returns.
	if procs := cpus + cfg.IOThreads + 1; runtime.GOMAXPROCS(0) < procs {
		runtime.GOMAXPROCS(procs)
	}
	s := &Server{cfg: cfg, placement: placement, io: io, listeners: listeners, ended: make(chan struct{})}
	s.failures.log = cfg.Log
	if err := s.build(ctx); err != nil {
		listeners.Close()
		return nil, err
	}
	s.serve()
	return s, nil
}

// Addrs are the addresses served, in the order of the Config.
func (s *Server) Addrs() []net.Addr { return s.listeners.Addrs() }

// Addr is the first of them.
func (s *Server) Addr() net.Addr { return s.Addrs()[0] }

// Shutdown drains: it stops accepting, reads what has arrived, answers it, and
// closes each connection so that its peer gets the last answers and then EOF.
// When ctx ends first, it closes what is left and returns an error that wraps
// [ErrCut]. Any goroutine may call it, and again.
func (s *Server) Shutdown(ctx context.Context) error {
	s.each((*thread).stop)
	select {
	case <-s.ended:
		return s.outcome()
	case <-ctx.Done():
	}
	s.cut.Store(true)
	s.each((*thread).abort)
	select {
	case <-s.ended:
		return s.outcome()
	case <-time.After(abortGrace):
		return fmt.Errorf("%w; the model has not returned", ErrCut)
	}
}

// ErrCut says that a drain ended before every connection had its answers.
var ErrCut = errors.New("connections were closed before they were done")

// abortGrace is how long closing everything may take; only a model that does not
// return takes longer than an instant.
const abortGrace = time.Second

// outcome is what there is to say after the end.
func (s *Server) outcome() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil && s.cut.Load() {
		return ErrCut
	}
	return s.failed
}

// Done is closed when the server has ended: after Shutdown, or because the
// kernel refused to go on.
func (s *Server) Done() <-chan struct{} { return s.ended }

// each tells every I/O thread something and wakes it to hear it.
func (s *Server) each(tell func(*thread)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.threads {
		tell(t)
		if !s.closed {
			t.wake.Signal() // cannot fail on an open eventfd
		}
	}
}

// Run serves until ctx ends, then drains for at most cfg.DrainTimeout. That ctx
// ends is no error.
func Run(ctx context.Context, cfg Config) error {
	s, err := Start(ctx, cfg)
	if err != nil {
		if errors.Is(err, context.Cause(ctx)) {
			return nil // it ended before anybody was served
		}
		return err
	}
	s.cfg.Log.Info("ready", "server", s.String())
	select {
	case <-ctx.Done():
	case <-s.Done():
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.DrainTimeout)
	defer cancel()
	return s.Shutdown(ctx)
}

// failureLog logs the first failure of a model and then one a second at most.
type failureLog struct {
	log  interface{ Error(string, ...any) }
	next atomic.Int64 // unix nanoseconds
}

func (f *failureLog) note(err error, vectors int) {
	now := time.Now().UnixNano()
	if next := f.next.Load(); now < next || !f.next.CompareAndSwap(next, now+int64(time.Second)) {
		return
	}
	f.log.Error("the model failed; the connection is closed", "error", err, "vectors", vectors)
}
