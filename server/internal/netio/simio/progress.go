//go:build linux

package simio

import (
	"slices"

	"github.com/disrust/disrust/server/internal/netio"
)

// work completes some of the operations that can complete, in any order; in an eager world
// all of them.
func (k *Kernel) work() {
	if k.Hasty && k.OneIn(10) {
		k.endTick()
	}
	for again := true; again; {
		again = false
		for _, o := range slices.Clone(k.inFlight) {
			if k.ready(o) && (k.Eager || k.Herd && o.Code == netio.Receive || k.OneIn(2)) {
				k.perform(o)
				again = k.Eager
			}
		}
		if k.Eager && k.world.Compute() {
			again = true
		}
	}
}

// move makes something happen while the thread sleeps: an operation completes, an actor
// moves, or time passes. If none of that is possible, the thread sleeps for ever.
func (k *Kernel) move() {
	switch {
	case k.OneIn(2) && k.performOne():
	case k.world.Advance():
	case k.performOne():
	case !k.world.Frozen() && k.idleTicks < maxIdleTicks && k.endTick():
	default:
		k.world.Stuck()
	}
}

func (k *Kernel) performOne() bool {
	if len(k.inFlight) == 0 {
		return false
	}
	first := k.IntN(len(k.inFlight))
	for i := range k.inFlight {
		if o := k.inFlight[(first+i)%len(k.inFlight)]; k.ready(o) {
			k.perform(o)
			return true
		}
	}
	return false
}

// endTick ends a tick, if one is in flight.
func (k *Kernel) endTick() bool {
	for _, o := range k.inFlight {
		if o.Code == netio.Tick {
			k.idleTicks++
			k.finish(o, netio.Done, 0)
			return true
		}
	}
	return false
}

// deliver returns all events. Only events of the same operation keep their order. The thread
// does not see cancels.
func (k *Kernel) deliver() []netio.Event {
	for i := len(k.completed) - 1; i > 0; i-- {
		if a, b := &k.completed[i-1], &k.completed[i]; (a.Key != b.Key || a.Code != b.Code) && k.OneIn(2) {
			*a, *b = *b, *a
		}
	}
	k.delivered = k.delivered[:0]
	for _, e := range k.completed {
		if e.Code != netio.Cancel {
			k.delivered = append(k.delivered, e)
		}
	}
	k.completed = k.completed[:0]
	for i := range k.delivered {
		k.noteEvent(&k.delivered[i])
	}
	k.world.Delivered()
	return k.delivered
}

// noteEvent notes that an event reaches the thread.
func (k *Kernel) noteEvent(e *netio.Event) {
	k.world.Note("thread: %s of %d ends with outcome %d, %d", e.Code, e.Key&0xffffff, e.Outcome, e.N)
	switch e.Code {
	case netio.Tick:
		k.Ticks++
		k.allowRetries()
	case netio.Accept:
		k.noteAccept(e)
	case netio.Receive:
		for _, s := range k.sockets {
			if s != nil && s.Key == e.Key {
				s.Peer.InputDelivered()
			}
		}
	}
}
