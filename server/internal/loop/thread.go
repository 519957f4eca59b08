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
	"github.com/disrust/disrust/slab"
	"github.com/disrust/disrust/wire"
)

// Config says what a thread serves and with what.
type Config struct {
	Source uint16 // of this thread in its batcher
	Format wire.Format
	Limits Limits
	Conns  *atomic.Int64  // connections of all threads, of which Limits.Conns are allowed
	Allow  []netip.Prefix // addresses from which TCP connections are taken; none: from all

	Listeners []Listener
	Backend   netio.Backend
	WakeFD    int // eventfd that a sleeping thread is woken by
	Requests  *ringbuf.Producer[batcher.Request]
	Responses *ringbuf.Consumer[batcher.Response]

	// How a thread with nothing to do waits: for requests, and for the answers to those
	// that a batch thread has. Both nil: it sleeps at once.
	RequestWaiter, AnswerWaiter Waiter
}

// Waiter says how long a thread polls before it sleeps.
type Waiter interface {
	// Idle is called in each wait after each poll that found nothing, counted from 1. It
	// may pause or let other threads run, and reports whether to sleep.
	Idle(empty int) (sleep bool)

	// Slept is called at the end of the sleep that Idle asked for.
	Slept()
}

// Listener is a socket that connections are accepted from. The thread owns it and
// closes it.
type Listener struct {
	FD  int32
	TCP bool // Config.Allow concerns its connections

	Shared bool // other threads have duplicates of the descriptor
}

// Thread is one I/O thread. All but Stop, Abort and Measured belongs to the
// goroutine that calls New and Run.
type Thread struct {
	cfg     Config
	format  wire.Format
	dim     int
	backend netio.Backend
	batcher *batcher.Batcher // the inline placement's; nil when batches run elsewhere

	conns     *slab.Slab[conn]
	stalled   queue // hold a receive buffer with requests for which there was no room
	starved   queue // found no receive buffer
	lingers   queue // have sent FIN and wait for the peer's, those that began first in front
	dirty     []slab.Key
	unsettled []slab.Key // with a send in the current turn, which settleSends ends
	runAgain  bool       // do not sleep before the next turn: something is left to do, and perhaps no event will come
	ops       []netio.Op

	pool      *bufpool.Pool
	rows      []float32 // the pool as rows
	scores    []float32 // one a row
	singles   []float32 // scores of requests of one vector, before they are answers
	rowBytes  int
	readBytes int // of answers to what one receive can bring
	partials  *blocks.Store
	outputs   *blocks.Store

	requests    *ringbuf.Producer[batcher.Request]
	responses   *ringbuf.Consumer[batcher.Response]
	pending     []batcher.Request // admitted, not yet published
	pendingRows int
	inFlight    int     // admitted and not yet collected
	ringFull    *uint64 // the counter of the tally for requests that wait for a slot of a ring

	// A receive buffer is held by a connection, spare, or lent to the kernel.
	held     int
	spare    []int16 // last used on top
	lent     int
	readSize int // bytes that a receive brings, on average

	listeners []listener
	resting   int  // of them
	listening int  // of them are not closed
	ticking   bool // a tick is under way
	ticked    bool // it has ended in this turn
	ticks     uint32
	swept     int // the connection that expire looks at next
	draining  bool
	stop      atomic.Uint32 // what other goroutines ask for: stopDrain, stopAbort

	measured Measured
	tally    tally
}

const (
	stopDrain = 1
	stopAbort = 2
)

// New makes a thread's memory; the calling goroutine's thread touches it, so
// that it lies near the CPU that will use it.
func New(cfg Config) (*Thread, error) {
	l := cfg.Limits
	t := &Thread{
		cfg: cfg, format: cfg.Format, dim: cfg.Format.Dim, backend: cfg.Backend,
		rowBytes: cfg.Format.RowBytes(), readBytes: ReadBytes(cfg.Format),
		dirty: make([]slab.Key, 0, 2*l.Conns), unsettled: make([]slab.Key, 0, l.Conns),
		ops:      make([]netio.Op, 0, 256+operations*l.Conns),
		requests: cfg.Requests, responses: cfg.Responses,
		spare: make([]int16, 0, netio.ReceiveBuffers), lent: netio.ReceiveBuffers, readSize: 1,
		pending: make([]batcher.Request, 0, min(l.InFlight, publishRequests)),
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
	if t.pool, err = bufpool.New(bufpool.Config{Size: l.PoolBytes, Spans: l.spans(t.format)}); err != nil {
		return err
	}
	mem := t.pool.Memory()
	t.rows = unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(mem))), len(mem)/int(unsafe.Sizeof(float32(0))))
	t.scores = make([]float32, len(t.rows)/t.dim)
	t.singles = make([]float32, singles(t.format))
	if t.partials, err = blocks.New(l.Conns, t.format.RequestBytes(t.format.MaxVectors)); err != nil {
		return err
	}
	t.outputs, err = blocks.New(outputsEach*l.Conns, l.OutputBytes)
	return err
}

// Source is what the batcher shares with this thread.
func (t *Thread) Source(responses *ringbuf.Producer[batcher.Response]) batcher.Source {
	return batcher.Source{Rows: t.rows, Scores: t.scores, Responses: responses}
}

// ScoreInline makes the thread score its own requests with b.
func (t *Thread) ScoreInline(b *batcher.Batcher) { t.batcher = b }

// Close frees the memory, as much as New made of it. The thread has ended, and so
// has the batcher.
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
