//go:build linux

package epollio

import (
	"fmt"
	"time"

	"github.com/disrust/disrust/server/internal/netio"
)

// Turn implements [netio.Backend].
func (b *Backend) Turn(ops []netio.Op, block bool) ([]netio.Event, error) {
	b.events = b.events[:0]
	for i := range ops {
		b.begin(&ops[i])
	}
	b.serveReady()
	for b.err == nil && (!b.polled && len(b.events) < enoughEvents || block && len(b.events) == 0) {
		if b.err = b.poll(block && len(b.events) == 0); b.err == nil {
			b.serveReady()
		}
	}
	b.polled = false
	if b.err != nil {
		return nil, b.err
	}
	return b.events, nil
}

// Untaken implements [netio.Backend]. A turn starts all its operations before anything in it
// can fail.
func (b *Backend) Untaken() int { return 0 }

// Pending implements [netio.Backend].
func (b *Backend) Pending() bool {
	if b.ready.size == 0 && !b.expired() && b.poll(false) != nil {
		b.polled = false
		return true // the turn will find the error again and return it
	}
	return b.ready.size > 0 || b.expired()
}

// begin starts one operation. It carries out sends, cancels and closes at once. The other
// operations wait in the queue until serveReady reaches them.
func (b *Backend) begin(op *netio.Op) {
	switch op.Code {
	case netio.Receive:
		b.beginReceive(op)
	case netio.Send:
		b.send(op)
	case netio.SendRest:
		b.beginRest(op)
	case netio.Accept:
		b.beginAccept(op)
	case netio.Wake:
		b.beginWake(op)
	case netio.Tick:
		b.ticking, b.tickKey, b.deadline = true, op.Key, b.now()+netio.TickLength
	case netio.Cancel:
		b.cancel(op)
	case netio.Close:
		b.CloseNow(op.FD)
	default:
		panic(fmt.Sprintf("epollio: operation %d", op.Code))
	}
}

// serveReady continues operations whose descriptors are ready.
func (b *Backend) serveReady() {
	for n := min(b.ready.size, maxReady); n > 0; n-- {
		b.serve(b.ready.pop())
	}
	if b.expired() {
		b.ticking = false
		b.complete(b.tickKey, netio.Tick, netio.Done, 0)
	}
	if len(b.events) == 0 && b.free == 0 {
		b.failStarved()
	}
}

// serve continues the operations of a descriptor that was in the queue.
func (b *Backend) serve(fd int32) {
	d := &b.table[fd]
	d.queued = false
	if d.inputActive && d.readable {
		switch d.kind {
		case listener:
			b.accept(fd, d)
		case counter:
			b.wake(fd, d)
		default:
			b.receive(fd, d)
		}
	}
	if d.outputActive && d.writable {
		b.sendRest(fd, d)
	}
	b.enqueueIfReady(fd, d)
}

// enqueueIfReady queues a descriptor if an operation on it can go on.
func (b *Backend) enqueueIfReady(fd int32, d *descriptor) {
	if !d.queued && (d.inputActive && d.readable || d.outputActive && d.writable) {
		d.queued = true
		b.ready.push(fd)
	}
}

// complete adds an event without a buffer.
func (b *Backend) complete(key uint64, code netio.Code, outcome netio.Outcome, n int) {
	b.events = append(b.events, netio.Event{
		Key: key, Code: code, Outcome: outcome, N: int32(n), Buffer: netio.NoBuffer,
	})
}

// pollsPerClock is how many polls of the ready queue share one reading of the clock. A reading
// costs up to half as much as a poll. It makes a tick late by at most this many turns.
const pollsPerClock = 8

// expired reports whether the tick's time has passed, as of the last reading of the clock.
func (b *Backend) expired() bool {
	if !b.ticking {
		return false
	}
	if b.clockPolls--; b.clockPolls > 0 {
		return false
	}
	if b.now() < b.deadline {
		b.clockPolls = pollsPerClock
		return false
	}
	return true
}

func (b *Backend) now() time.Duration { return time.Since(b.start) }
