//go:build linux

package simio

import (
	"slices"

	"github.com/disrust/disrust/server/internal/netio"
)

// work completes some of what can complete, in any order; all, if eager.
func (k *Kernel) work() {
	if k.Hasty && k.OneIn(10) {
		k.expire()
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

// move has something happen while the thread sleeps: an operation completes,
// somebody moves, or else time passes. If nothing can happen, nothing ever will.
func (k *Kernel) move() {
	switch {
	case k.OneIn(2) && k.performOne():
	case k.world.Advance():
	case k.performOne():
	case !k.world.Frozen() && k.idleTicks < maxIdleTicks && k.expire():
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

// expire ends a tick.
func (k *Kernel) expire() bool {
	for _, o := range k.inFlight {
		if o.Code == netio.Tick {
			k.idleTicks++
			k.finish(o, netio.Done, 0)
			return true
		}
	}
	return false
}

// deliver hands over all events. Only those of one operation have an order. Of a
// cancel the thread hears nothing.
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
		k.announce(&k.delivered[i])
	}
	k.world.Delivered()
	return k.delivered
}

// announce is an event reaching the thread.
func (k *Kernel) announce(e *netio.Event) {
	k.world.Note("thread: %s of %d ends with outcome %d, %d", Name(e.Code), e.Key&0xffffff, e.Outcome, e.N)
	switch e.Code {
	case netio.Tick:
		k.Ticks++
		k.unbar()
	case netio.Accept:
		k.delivers(e)
	case netio.Receive:
		for _, s := range k.sockets {
			if s != nil && s.Key == e.Key {
				s.Peer.Told()
			}
		}
	}
}
