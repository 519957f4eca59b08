//go:build linux

package loop

import (
	"math/rand/v2"

	"github.com/disrust/disrust/server/internal/netio/simio"
	"github.com/disrust/disrust/slab"
	"github.com/disrust/disrust/wire"
)

// spreadSeen is what a world has seen of a drain.
type spreadSeen struct {
	began bool
	from  int // the tick in which the listeners were closed
	conns int // no more connections than this are dismissed
}

// drawEnds draws over how many ticks a drain is spread, and how old connections grow. A stream of
// random numbers of its own makes these decisions: a world without them stays the same.
func (w *world) drawEnds(seed uint64) {
	if !w.ends {
		return
	}
	d := simio.Dice{Rand: rand.New(rand.NewPCG(seed, 3))}
	l := &w.temper.limits
	l.SpreadTicks = uint32(simio.Pick(d, 0, 1, d.Between(2, 12), d.Between(2, 12)))
	l.AgeTicks = uint32(simio.Pick(d, 0, d.Between(1, 4), d.Between(5, 20)))
	l.GraceTicks = uint32(d.Between(0, 10))
}

// old reports whether the thread may dismiss the connection because of its age.
func (s *socket) old() bool {
	l := &s.w.limits
	return l.AgeTicks > 0 && s.Key != 0 && s.w.now()-s.born > int(l.age(slab.Key(s.Key)))
}

// outstayed reports whether the peer of an old connection of version 2 has had the time to end it.
func (s *socket) outstayed() bool {
	l := &s.w.limits
	return s.old() && s.speaksV2() && s.w.now()-s.born > int(l.age(slab.Key(s.Key))+l.GraceTicks)
}

// checkSilence: a drain does not end a connection whose version it cannot know, unless the peer is late or
// has had the time for its first bytes.
func (s *socket) checkSilence() {
	t, waited := s.w.thread, 0
	if s.reached {
		waited = s.w.now() - s.reachedTick
	}
	aged := s.aged || !s.reached && !t.draining
	if s.parsed() < s.peer.preface.size+wire.HeaderBytes && !aged && !s.late && waited < silenceTicks {
		s.w.Fail("FIN to peer %d, which has sent too little to tell its version, %d ticks after it was dismissed", s.peer.id, waited)
	}
}

// noteDismissed notes, between two turns, which connections the thread has dismissed. Of each other
// one it notes how much has arrived, and whether its input may have ended: if so, the thread need not
// tell the peer that the server goes away.
func (w *world) noteDismissed() {
	t := w.thread
	for _, c := range t.conns.All() {
		if s := w.kernel.Socket(c.fd).Peer.(*socket); c.dismissed && !s.reached {
			s.reached, s.aged, s.reachedTick = true, !t.draining, w.now()
		}
	}
	for s := range w.accepted() {
		if !s.reached {
			s.arrivedBefore = s.Arrived
			s.endedBefore = s.welcomed() && (s.FinIn || s.Dead || s.late || s.Received >= s.peer.last)
		}
	}
}

// checkDismissed: a drain dismisses connections in the order of their slots, as many after each tick,
// and all in time. A connection that is old is dismissed.
func (w *world) checkDismissed() {
	t, ticks := w.thread, int(w.limits.SpreadTicks)
	if age := w.limits.AgeTicks; age > 0 {
		for _, c := range t.conns.All() {
			if c.phase == open && !c.dismissed && t.ticks-c.born > age+age/10+1 {
				w.Fail("connection %d is %d ticks old and not dismissed", c.key.Index(), t.ticks-c.born)
			}
		}
	}
	if !t.draining || t.listening > 0 {
		return
	}
	if !w.drain.began {
		w.drain.began, w.drain.from = true, w.now()
	}
	passed, left, dismissed := w.now()-w.drain.from, -1, 0
	for _, c := range t.conns.All() {
		switch s := w.kernel.Socket(c.fd).Peer.(*socket); {
		case c.phase == open && !c.dismissed && left < 0:
			left = c.key.Index()
		case c.dismissed && left >= 0 && !s.aged && !s.old():
			w.Fail("connection %d is dismissed before connection %d", c.key.Index(), left)
		}
	}
	for s := range w.accepted() {
		if s.reached && !s.aged && !s.old() {
			dismissed++
		}
	}
	conns := w.drain.conns + len(w.kernel.Accepted())
	switch {
	case left >= 0 && passed >= ticks:
		w.Fail("connection %d is not dismissed %d ticks after the listeners were closed, with a spread of %d", left, passed, ticks)
	case ticks > 0 && dismissed*ticks > conns*(passed+1) && passed < ticks-1:
		w.Fail("%d of %d connections are dismissed after %d ticks of %d", dismissed, conns, passed, ticks)
	}
}
