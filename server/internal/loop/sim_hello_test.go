//go:build linux

package loop

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/disrust/disrust/server/internal/netio/simio"
	"github.com/disrust/disrust/wire"
)

// version2 is what a world knows of version 2 of the protocol.
type version2 struct {
	dice    simio.Dice   // makes the decisions that concern version 2: a world without it is the same whatever they are
	share   int          // one in so many peers speaks version 2; 0: none
	welcome wire.Welcome // to a hello without a fault
	early   bool         // the operator stops the thread while a hello arrives
}

func (w *world) drawV2(seed uint64) version2 {
	n := version2{dice: simio.Dice{Rand: rand.New(rand.NewPCG(seed, 2))}}
	n.share, n.early = simio.Pick(n.dice, 0, 1, 2, 2), n.dice.OneIn(8)
	n.welcome = wire.Welcome{
		Format: w.format, Kind: simio.Pick(n.dice, wire.Unstated, wire.Raw, wire.Prob), Identity: identity(0),
		Model: strings.Repeat("m", simio.Pick(n.dice, 0, 3, wire.MaxNameBytes)),
	}
	if n.dice.OneIn(20) {
		n.welcome.Verdict, n.welcome.Sentence = wire.NotNow, "another time"
	}
	return n
}

// appendHello begins a script of version 2: a hello and the welcome that answers it. If the
// welcome refuses, it is the last answer.
func (w *world) appendHello(s *script) {
	hello := w.drawHello()
	p, _, _ := wire.ParsePreamble(hello)
	welcome := w.v2.welcome.Judge(p, hello[wire.PreambleBytes:])
	s.version, s.stream = 2, append(s.stream, hello...)
	s.answers = wire.AppendWelcome(s.answers, welcome)
	s.extra = len(s.answers) + len(goingAway) + wire.FailureBytes + maxModelNotices*modelNoticeBytes
	s.endMessage(fmt.Sprintf("%s %d", greeted, welcome.Verdict))
	if welcome.Verdict != wire.Welcomed {
		s.last, s.closed = len(s.stream), true
	}
}

// drawHello returns a hello that is accepted, refused for any reason, or malformed. It may be
// longer than this version knows.
func (w *world) drawHello() []byte {
	d, own := w.v2.dice, &w.v2.welcome
	var h wire.Hello
	if d.OneIn(2) {
		h = wire.Hello{
			Dim: uint32(own.Format.Dim), Outputs: uint32(own.Format.Outputs), Kind: own.Kind,
			MaxVectors: uint32(d.Between(0, own.Format.MaxVectors)), Model: own.Model,
		}
	}
	version, size := wire.Version, -1
	switch d.IntN(24) {
	case 0:
		version = d.IntN(wire.Version)
	case 1:
		h.Dim = uint32(own.Format.Dim + d.Between(1, 1<<20))
	case 2:
		h.Outputs = uint32(own.Format.Outputs + d.Between(1, 1<<20))
	case 3:
		h.MaxVectors = uint32(own.Format.MaxVectors + d.Between(1, 1<<20))
	case 4:
		h.Model = strings.Repeat("x", d.Between(1, wire.MaxNameBytes))
	case 5:
		h.Kind = wire.Class
	case 6:
		size = d.IntN(30) // too few bytes for the fields, or a number that is not allowed
	case 7, 8:
		version = d.Between(wire.Version+1, 1<<16-1)
	}
	b := wire.AppendHello(nil, h)
	switch {
	case size >= 0:
		b = append(b, make([]byte, 30)...)[:wire.PreambleBytes+size]
	case d.OneIn(4): // fields of a later version
		longest := min(2*w.receiveSpace, 1<<16-4-len(b))
		b = append(b, make([]byte, 4*d.IntN(1+simio.Pick(d, 8, 80, longest)/4))...)
	}
	binary.LittleEndian.PutUint16(b[4:], uint16(version))
	binary.LittleEndian.PutUint16(b[6:], uint16(len(b)-wire.PreambleBytes))
	return b
}

// sendsHello reports whether a part of the peer's hello has arrived.
func (p *peer) sendsHello() bool {
	at := p.socket.arrivedBytes()
	return p.version == 2 && at > 0 && p.whole(at) == 0
}

var goingAway = wire.AppendGoingAway(nil)

// insertNotice adds, at offset at of the answers, that the server goes away.
func (s *script) insertNotice(at int) {
	s.answers = slices.Insert(s.answers, at, goingAway...)
	for i := range s.owedAfter {
		if s.owedAfter[i] >= at {
			s.owedAfter[i] += len(goingAway)
		}
	}
	s.told = at + len(goingAway)
}

// findNotice looks for the notice that the server goes away at offset at of the answers, where the
// thread sends data next. A thread that dismisses a connection sends it once, if it has welcomed the
// peer: between two messages, and not after the last answer of a connection that it ends.
func (s *socket) findNotice(at int, data []byte) bool {
	p := s.peer
	if p.version == 1 || p.told > 0 || !s.w.operator.stopped && !s.old() || len(p.owedAfter) < 2 || at < p.owedAfter[1] || p.closed && at == len(p.answers) || !bytes.HasPrefix(data, goingAway) {
		return false
	}
	p.insertNotice(at)
	return true
}

// speaksV2 reports whether the thread has received enough to know that the peer speaks
// version 2.
func (s *socket) speaksV2() bool {
	return s.peer.version == 2 && s.parsed() >= s.peer.preface.size+wire.HeaderBytes
}

// parsed returns how many bytes of the peer's stream the thread has received, without those that
// it has dropped after its FIN.
func (s *socket) parsed() int {
	if s.finTick >= 0 {
		return s.receivedBefore
	}
	return s.Received
}

// welcomed reports whether the peer's hello was accepted.
func (s *socket) welcomed() bool {
	p := s.peer
	return p.version == 2 && len(p.ends) > 0 && p.last != p.ends[0] && s.parsed() >= p.ends[0]
}

// obedience says what a peer of version 2 does when it reads that the server goes away.
type obedience uint8

const (
	atOnce   obedience = iota // finishes the request that it has begun and sends FIN
	later                     // sends the rest of its stream and then FIN
	lastWord                  // finishes the request that it has begun, and closes once it has its answers
	never                     // goes on
)

// heed does what the peer does when it reads that the server goes away.
func (p *peer) heed() {
	p.heard = true
	p.w.Note("peer %d: reads that the server goes away", p.id)
	if p.obedience == never || p.ended || p.ending == hangsUp || p.ending == resets {
		return
	}
	if p.obedience != later {
		p.cut(p.endOfMessage(p.socket.Arrived))
	}
	p.ending = shutsDown
	if p.obedience == lastWord {
		p.ending = waits
	}
}

// endOfMessage returns where the message ends within which size bytes of stream end. A message
// that is cut off ends with the stream.
func (s *script) endOfMessage(size int) int {
	switch next := s.whole(size); {
	case next > 0 && s.ends[next-1] == size:
		return size
	case next < len(s.ends):
		return s.ends[next]
	}
	return len(s.stream)
}

// idle reports whether each open connection only waits for its peer, after all answers and the
// notice. The thread must be asleep.
func (w *world) idle() bool {
	for s := range w.accepted() {
		if !s.Closed && (!s.welcomed() || s.FinOut || s.Taken < s.peer.owed(s.Arrived)) {
			return false
		}
	}
	return true
}

// checkCut: the thread says that an abort has cut a connection if that is so.
func (w *world) checkCut() {
	if w.allIdle && w.freezes && w.thread.Cut() {
		w.Fail("an abort that cost no peer an answer counts as a cut")
	}
	if w.thread.Cut() {
		return
	}
	for s := range w.accepted() {
		p, seen := s.peer, min(s.seen, s.parsed())
		if !s.speaksV2() {
			seen = min(seen, p.beforeStop)
			if s.aged {
				seen = min(s.seen, s.parsed(), s.arrivedBefore)
			}
		}
		if s.late {
			seen = min(seen, s.due)
		}
		if s.Key != 0 && !s.Dead && !s.HungUp && s.parsed() < p.fatal && s.Taken < p.owed(seen) {
			w.Fail("peer %d did not get its answers, and no connection counts as cut", p.id)
		}
	}
}
