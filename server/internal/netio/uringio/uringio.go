//go:build linux

// Package uringio carries out the operations of package netio on an io_uring.
//
// One system call submits the operations of a turn, runs them and returns what has
// completed. Receives are single-shot and use provided buffers, so a connection owns a
// buffer only from its event to Recycle. A Send has MSG_DONTWAIT and
// IOSQE_CQE_SKIP_SUCCESS: it is over when that call returns, and completes only if the
// socket did not take everything.
package uringio

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/server/internal/netio/sockets"
	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
)

const (
	// entries is the size of the submission queue. A larger turn is submitted in pieces.
	// The completion queue is eight times as large.
	entries     = 1024
	completions = 8 * entries

	// opsPerConn is how many operations a connection has in a turn: a receive and a send.
	opsPerConn = 2

	// group is the buffer group of the receive buffers.
	group = 0

	// batch is how many completions are taken from the ring at a time.
	batch = 128
)

// Footprint returns the bytes that a backend for conns connections takes in addition to its
// receive buffers.
func Footprint(conns int) uint64 {
	const (
		queues = entries*uint64(unsafe.Sizeof(uring.SQE{})) + completions*uint64(unsafe.Sizeof(uring.CQE{}))
		event  = uint64(unsafe.Sizeof(netio.Event{}))
	)
	return queues + netio.ReceiveBytes + event*uint64(max(completions, opsPerConn*conns))
}

// Backend is a [netio.Backend]. It belongs to the OS thread that made it.
type Backend struct {
	sockets.Sockets

	ring       *uring.Ring
	buffers    *uring.BufRing
	events     []netio.Event
	taken      [batch]uring.CQE
	naps       int // in the current turn
	unprepared int // operations of the turn that are not in the ring yet
	kept       int // events of a turn that failed
	busy       atomic.Uint64

	// The kernel uses this memory while an operation is in flight. It stays in place: the
	// Backend is on the heap and reachable until Free.
	tick    uring.Timespec
	wakes   uint64
	discard []byte // the kernel writes dropped input here
}

// New makes a ring and its receive buffers. It returns the errors of [uring.New].
func New(cfg netio.Config) (*Backend, error) {
	ring, err := uring.New(uring.Config{Entries: entries, CQEntries: completions})
	if err != nil {
		return nil, err
	}
	buffers, err := ring.NewBufRing(group, netio.ReceiveBuffers, cfg.ReceiveBytes)
	if err != nil {
		ring.Close()
		return nil, fmt.Errorf("receive buffers: %w", err)
	}
	return &Backend{
		ring: ring, buffers: buffers, events: make([]netio.Event, max(completions, opsPerConn*cfg.Conns)),
		tick: uring.Timespec{Nsec: int64(netio.TickLength)}, discard: make([]byte, netio.ReceiveBytes),
	}, nil
}

// Turn implements [netio.Backend].
func (b *Backend) Turn(ops []netio.Op, block bool) ([]netio.Event, error) {
	if len(ops) == 0 && !block && !b.ring.Pending() {
		return nil, nil
	}
	b.buffers.Publish()
	b.naps = 0
	got := 0
	for i := range ops {
		b.unprepared = len(ops) - i
		sqe, err := b.ring.Next()
		for err != nil {
			if err = b.nap(err); err != nil {
				b.kept = got
				return nil, err
			}
			got = b.take(got)
			sqe, err = b.ring.Next()
		}
		b.prepare(sqe, &ops[i])
	}
	b.unprepared = 0
	for {
		err := b.enter(block && got == 0)
		got = b.take(got)
		if err == nil && b.ring.Unsubmitted() == 0 {
			return b.events[:got], nil
		}
		if err = b.nap(err); err != nil {
			b.kept = got
			return nil, err
		}
	}
}

func (b *Backend) enter(block bool) (err error) {
	if block {
		_, err = b.ring.SubmitAndWait(1, -1)
	} else {
		_, err = b.ring.SubmitAndPoll()
	}
	return err
}

// nap sleeps for a millisecond if the kernel is short of memory and has not taken all
// operations. It gives up after a second of naps in one turn. It returns any other error at
// once.
func (b *Backend) nap(err error) error {
	const (
		length = time.Millisecond
		limit  = 1000
	)
	if b.naps++; b.naps > limit || err != nil && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EBUSY) {
		if err == nil {
			err = errors.New("the kernel does not take operations")
		}
		return err
	}
	b.busy.Add(1)
	time.Sleep(length)
	return nil
}

// Untaken implements [netio.Backend]. The ring takes operations in order.
func (b *Backend) Untaken() int { return b.unprepared + b.ring.Unsubmitted() }

// Busy implements [netio.Backend].
func (b *Backend) Busy() uint64 { return b.busy.Load() }

// Pending implements [netio.Backend]. It makes no system call.
func (b *Backend) Pending() bool { return b.ring.Pending() }

// Buffer implements [netio.Backend].
func (b *Backend) Buffer(id int16, n int) []byte { return b.buffers.Bytes(uint16(id), n) }

// Recycle implements [netio.Backend].
func (b *Backend) Recycle(id int16) {
	b.buffers.Bytes(uint16(id), 0) // takes the buffer from the ring if the caller did not read it
	b.buffers.Recycle(uint16(id))
}

// Free implements [netio.Backend]. It must run on the thread that made the backend: on any
// other, the ring lives on until that thread ends. See [uring.Ring.Close].
func (b *Backend) Free() error {
	sockets.CloseAccepted(b.events[:b.take(b.kept)])
	return errors.Join(b.ring.Close(), b.buffers.Close())
}
