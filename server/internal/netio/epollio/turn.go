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
	b.proceed()
	for !b.looked && len(b.events) < plenty || block && len(b.events) == 0 {
		if err := b.look(block && len(b.events) == 0); err != nil {
			return nil, err
		}
		b.proceed()
	}
	b.looked = false
	return b.events, b.err
}

// Untaken implements [netio.Backend]. A turn begins all of its operations before
// anything in it can fail.
func (b *Backend) Untaken() int { return 0 }

// Pending implements [netio.Backend].
func (b *Backend) Pending() bool {
	if b.ready.size == 0 && !b.expired() && b.look(false) != nil {
		b.looked = false
		return true // the turn will find the error again and return it
	}
	return b.ready.size > 0 || b.expired()
}

// begin starts one operation. Only a send is carried out at once: the others take
// their places in the queue.
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

// proceed carries out operations whose descriptors are ready.
func (b *Backend) proceed() {
	for n := min(b.ready.size, mostReady); n > 0; n-- {
		b.perform(b.ready.pop())
	}
	if b.expired() {
		b.ticking = false
		b.complete(b.tickKey, netio.Tick, netio.Done, 0)
	}
	if len(b.events) == 0 && b.free == 0 {
		b.starve()
	}
}

// perform carries out what it can on a descriptor that was in the queue.
func (b *Backend) perform(fd int32) {
	d := &b.table[fd]
	d.queued = false
	if d.taking && d.readable {
		switch d.kind {
		case listener:
			b.accept(fd, d)
		case counter:
			b.wake(fd, d)
		default:
			b.receive(fd, d)
		}
	}
	if d.giving && d.writable {
		b.sendRest(fd, d)
	}
	b.consider(fd, d)
}

// consider puts a descriptor into the queue if an operation on it can go on.
func (b *Backend) consider(fd int32, d *descriptor) {
	if !d.queued && (d.taking && d.readable || d.giving && d.writable) {
		d.queued = true
		b.ready.push(fd)
	}
}

// complete adds an event that brings no buffer.
func (b *Backend) complete(key uint64, code netio.Code, outcome netio.Outcome, n int) {
	b.events = append(b.events, netio.Event{
		Key: key, Code: code, Outcome: outcome, N: int32(n), Buffer: netio.NoBuffer,
	})
}

// clockLooks is how many looks at the queue share one look at the clock, which
// costs up to half of one: a tick comes late by as many turns at most.
const clockLooks = 8

// expired reports whether the tick has come, as far as the thread has looked.
func (b *Backend) expired() bool {
	if !b.ticking {
		return false
	}
	if b.unlooked--; b.unlooked > 0 {
		return false
	}
	if b.now() < b.deadline {
		b.unlooked = clockLooks
		return false
	}
	return true
}

func (b *Backend) now() time.Duration { return time.Since(b.start) }
