//go:build linux

package simio

import (
	"slices"

	"github.com/disrust/disrust/server/internal/netio"
)

// Operation is an operation in flight.
type Operation struct {
	netio.Op
	socket    *Socket // nil unless the operation is on a connection
	sent      int
	cancelled bool
}

// Socket returns the connection on which the operation is, or nil.
func (o *Operation) Socket() *Socket { return o.socket }

// Cancelled reports whether the machine has cancelled the operation.
func (o *Operation) Cancelled() bool { return o.cancelled }

// codesKnown is how many operations the simulated kernel carries out. The build fails here when
// there are more.
const codesKnown = 8

var _ = [1]struct{}{}[netio.Codes-codesKnown]

// submit starts an operation. An operation that cannot wait is over when submit returns.
func (k *Kernel) submit(op *netio.Op) {
	k.world.Note("thread: %s of %d, on descriptor %d", op.Code, op.Key&0xffffff, op.FD)
	o := &Operation{Op: *op}
	switch op.Code {
	case netio.Cancel:
		k.cancel(o)
		return
	case netio.Close:
		k.close(op.FD)
		return
	case netio.Receive, netio.Send, netio.SendRest:
		o.socket = k.socket(op.FD, op.Key)
	case netio.Accept:
		if l := k.listener(op.FD); !l.open || l.failed || ListenerFD(int(op.Key)) != op.FD {
			k.world.Fail("accepts on a listener that is open: %t, right after an accept failed: %t", l.open, l.failed)
		}
	case netio.Wake, netio.Tick:
	default:
		k.world.Fail("the simulated kernel does not know operation %d", op.Code)
	}
	if op.Code == netio.Send {
		k.sendNow(o)
		return
	}
	k.begin(o)
}

// socket returns the connection of a descriptor. The connection has one key for its whole
// life.
func (k *Kernel) socket(fd int32, key uint64) *Socket {
	s := k.open(fd)
	if s.Key == 0 {
		s.Key = key
		s.Peer.FirstUsed()
	}
	if s.Key != key {
		k.world.Fail("descriptor %d, which belongs to key %#x, is used with key %#x", fd, s.Key, key)
	}
	return s
}

func (k *Kernel) begin(o *Operation) {
	for _, other := range k.inFlight {
		if other.Key == o.Key && other.Code == o.Code {
			k.world.Fail("a second %s while the first is in flight", o.Code)
		}
	}
	k.inFlight = append(k.inFlight, o)
	if o.socket != nil {
		o.socket.ops++
	}
	if o.Code == netio.Receive && o.Ready && k.ready(o) {
		k.perform(o) // at once, ahead of receives that wait
	}
}

// finish ends an operation with its last event.
func (k *Kernel) finish(o *Operation, outcome netio.Outcome, n int32) {
	k.finishWith(o, outcome, n, netio.NoBuffer)
}

func (k *Kernel) finishWith(o *Operation, outcome netio.Outcome, n int32, buffer int16) {
	k.completed = append(k.completed, netio.Event{Key: o.Key, Code: o.Code, Outcome: outcome, N: n, Buffer: buffer})
	i := slices.Index(k.inFlight, o)
	k.inFlight = slices.Delete(k.inFlight, i, i+1)
	if o.socket != nil {
		o.socket.ops--
	}
}

// post adds an event of an operation that goes on or that never waited.
func (k *Kernel) post(o *Operation, outcome netio.Outcome, n int32) {
	k.completed = append(k.completed, netio.Event{Key: o.Key, Code: o.Code, Outcome: outcome, N: n, Buffer: netio.NoBuffer})
}

// cancel asks an operation to end. The operation may still complete as if it had not been
// cancelled. A cancel may make a turn return early without an event: it adds an event to
// completed, which deliver drops.
func (k *Kernel) cancel(c *Operation) {
	for _, o := range k.inFlight {
		if o.Key == c.Key && o.Code == c.Target && o.FD == c.FD {
			o.cancelled = true
		}
	}
	k.completed = append(k.completed, netio.Event{Code: netio.Cancel, Buffer: netio.NoBuffer})
}

func (k *Kernel) close(fd int32) {
	s := k.open(fd)
	if s.ops > 0 {
		k.world.Fail("descriptor %d closed with %d operations on it in flight", fd, s.ops)
	}
	if s.Key == 0 {
		s.Peer.ClosedUnused()
	}
	s.close()
	k.sockets[fd-firstFD] = nil
	k.allowRetries()
}

// ready reports whether o can complete now.
func (k *Kernel) ready(o *Operation) bool {
	switch o.Code {
	case netio.Receive:
		return o.cancelled || o.socket.readable()
	case netio.SendRest:
		return o.cancelled || o.socket.writable()
	case netio.Accept:
		return o.cancelled || len(k.listener(o.FD).backlog) > 0
	case netio.Wake:
		return k.wakes > 0
	}
	return false
}

// perform carries o, which is ready, one step further.
func (k *Kernel) perform(o *Operation) {
	switch o.Code {
	case netio.Receive:
		k.receive(o)
	case netio.SendRest:
		k.sendRest(o)
	case netio.Accept:
		k.accept(o)
	case netio.Wake:
		k.wakes = 0
		k.finish(o, netio.Done, 0)
	}
}
