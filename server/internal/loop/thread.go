//go:build linux

package loop

import (
	"errors"
	"net/netip"
	"sync/atomic"
	"unsafe"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/bufpool"
	"github.com/disrust/disrust/ringbuf"
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/server/internal/violation"
	"github.com/disrust/disrust/slab"
	"github.com/disrust/disrust/wire"
)

// Config describes what a thread serves and the resources it uses.
type Config struct {
	Source     uint16 // this thread's number in its batcher
	Format     wire.Format
	Welcome    wire.Welcome // to a hello without a fault; its Format is Format, and its Sentence has at most JudgeSentenceBytes
	Limits     Limits
	Violations *violation.Log // of peers; nil: none
	Conns      *atomic.Int64  // connections of all threads together; Limits.Conns is their limit
	Allow      []netip.Prefix // peer addresses allowed to connect over TCP; empty: all
	Proxies    []netip.Prefix // addresses whose TCP connections begin with a PROXY header; needs Limits.Headers

	Listeners []Listener
	Backend   netio.Backend
	WakeFD    int // the eventfd that wakes the thread when it sleeps
	Requests  *ringbuf.Producer[batcher.Request]
	Responses *ringbuf.Consumer[batcher.Response]
	Batches   []batcher.Batch // of Responses: see batcher.Source
	Clock     func() int64    // the batcher's, too: nanoseconds since the server's start

	// How a thread with nothing to do waits: for requests, and for the answers of a batch
	// thread. If both are nil, it sleeps at once.
	RequestWaiter, AnswerWaiter Waiter
}

// Waiter says how long a thread polls before it sleeps.
type Waiter interface {
	// Idle is called after each poll that found nothing; empty counts these polls within
	// one wait, from 1. Idle may pause or let other threads run. It reports whether to
	// sleep.
	Idle(empty int) (sleep bool)

	// Slept is called when the sleep that Idle asked for has ended.
	Slept()
}

// Listener is a socket from which the thread accepts connections. The thread owns it
// and closes it.
type Listener struct {
	FD  int32
	TCP bool // Config.Allow and Config.Proxies apply to its connections

	Shared bool // other threads have duplicates of the descriptor
}

// Thread is one I/O thread. Any goroutine may call Stop, Abort, Cut, Wakes, Measured, Recorder, Times,
// Replace and Passed; everything else belongs to the goroutine that calls New and Run.
type Thread struct {
	cfg     Config
	format  wire.Format
	dim     int
	backend netio.Backend
	batcher *batcher.Batcher // the thread's own, if it scores for itself; nil if a batch thread scores
	least   int              // rows of a call that may be scored in place
	enough  int              // rows of a call that gains nothing by more rows, at least least

	conns     *slab.Slab[conn]
	stalled   queue      // connections that hold a receive buffer with requests that found no room
	starved   queue      // connections whose receive found no buffer
	lingers   queue      // connections that have sent FIN and wait for the peer's, oldest first
	dirty     []slab.Key // connections that flush advances
	unsettled []slab.Key // connections with a send in the current turn, which settleSends ends
	runAgain  bool       // do not sleep before the next turn: work is left, and perhaps no event will come
	ops       []netio.Op // to submit in the next turn
	events    []netio.Event
	handled   int // how many of events dispatch was called for

	pool      *bufpool.Pool
	rows      []float32 // the pool as rows
	scores    []float32 // format.Outputs per row
	singles   []float32 // scores of requests of one vector, before they are written as answers
	rowBytes  int
	readBytes int // the most bytes that the answers to one receive can take
	partials  *blocks.Store
	outputs   *blocks.Store
	named     [][16]byte // by slot: the peer's address, if conn.named; empty unless Limits.Headers

	requests    *ringbuf.Producer[batcher.Request]
	responses   *ringbuf.Consumer[batcher.Response]
	pending     []batcher.Request // admitted and not yet published
	pendingRows int
	inFlight    int     // requests admitted and not yet collected
	model       uint32  // how often the served model was replaced; may wrap
	behind      int     // requests not yet collected of those that were in flight when it was replaced; may be below 0
	ringFull    *uint64 // the tally's counter for requests that wait for a ring slot

	// A receive buffer is in one of three places: held by a connection, spare, or lent to
	// the backend.
	held     int
	spare    []int16 // the most recently used last
	lent     int
	readSize int // average bytes per receive

	listeners []listener
	resting   int  // listeners that are resting
	listening int  // listeners that are not closed
	ticking   bool // a tick is in flight
	ticked    bool // a tick ended in this turn
	ticks     uint32
	swept     int // the slot at which sweepTimeouts continues
	draining  bool
	spread    spread
	patience  uint32        // ticks for which a drain still waits for silent connections; 0 without a drain
	stop      atomic.Uint32 // what other goroutines asked for: stopDrain, stopAbort
	next      atomic.Pointer[Replacement]
	passed    atomic.Uint32 // replacements that are behind the thread; may wrap
	wakes     atomic.Uint32 // see Wakes
	cut       atomic.Bool   // an abort closed a connection that had not got all its answers

	measured Measured
	tally    tally
	stamping
}

const (
	stopDrain = 1
	stopAbort = 2
)

// New makes a thread's memory. The calling OS thread touches the memory first, so that
// the kernel places it near the CPU that will use it.
func New(cfg Config) (*Thread, error) {
	l := cfg.Limits
	t := &Thread{
		cfg: cfg, format: cfg.Format, dim: cfg.Format.Dim, backend: cfg.Backend,
		rowBytes: cfg.Format.RowBytes(), readBytes: cfg.Format.MostResponseBytes(ReceiveBytes(cfg.Format)),
		dirty: make([]slab.Key, 0, 2*l.Conns), unsettled: make([]slab.Key, 0, l.Conns),
		ops:      make([]netio.Op, 0, 256+opsPerConn*l.Conns),
		requests: cfg.Requests, responses: cfg.Responses,
		spare: make([]int16, 0, netio.ReceiveBuffers), lent: netio.ReceiveBuffers, readSize: 1,
		pending:  make([]batcher.Request, 0, min(l.InFlight, publishRequests)),
		stamping: newStamping(cfg.Clock, l.InFlight),
	}
	for _, l := range cfg.Listeners {
		t.listeners = append(t.listeners, listener{Listener: l})
	}
	t.resting, t.listening = len(t.listeners), len(t.listeners)
	if t.ringFull = &t.tally.RequestRingFull; l.ResponseRingBinds {
		t.ringFull = &t.tally.ResponseRingFull
	}
	if err := t.makeMemory(); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

func (t *Thread) makeMemory() (err error) {
	l := t.cfg.Limits
	if t.conns, err = slab.New[conn](l.Conns); err != nil {
		return err
	}
	t.stalled.conns, t.starved.conns, t.lingers.conns = t.conns, t.conns, t.conns
	if l.Headers {
		t.named = make([][16]byte, t.conns.Cap())
	}
	if t.pool, err = bufpool.New(bufpool.Config{Size: l.PoolBytes, Spans: l.spans(t.format)}); err != nil {
		return err
	}
	mem := t.pool.Memory()
	t.rows = unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(mem))), len(mem)/int(unsafe.Sizeof(float32(0))))
	t.scores = make([]float32, len(t.rows)/t.dim*t.format.Outputs)
	t.singles = make([]float32, maxSingles(t.format)*t.format.Outputs)
	if t.partials, err = blocks.New(l.Conns, partialBytes(t.format)); err != nil {
		return err
	}
	t.outputs, err = blocks.New(outputsPerConn*l.Conns, l.OutputBytes+extraBytes)
	return err
}

// Source returns the memory that the batcher shares with this thread.
func (t *Thread) Source(responses *ringbuf.Producer[batcher.Response]) batcher.Source {
	return batcher.Source{Rows: t.rows, Scores: t.scores, Responses: responses, Batches: t.cfg.Batches}
}

// Exited reports whether the thread's own model has ended the goroutine that called Run. Only a
// deferred function of that goroutine can learn this.
func (t *Thread) Exited() bool { return t.batcher != nil && t.batcher.Exited() }

// Close frees the memory that New made, also after New failed part of the way. The
// thread and the batcher must have ended.
func (t *Thread) Close() error {
	var errs [3]error
	if t.pool != nil {
		errs[0] = t.pool.Close()
	}
	if t.partials != nil {
		errs[1] = t.partials.Close()
	}
	if t.outputs != nil {
		errs[2] = t.outputs.Close()
	}
	return errors.Join(errs[:]...)
}
