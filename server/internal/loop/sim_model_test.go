//go:build linux

package loop

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server/internal/netio/simio"
	"github.com/disrust/disrust/wire"
)

// models is what a world knows of the models that take each other's place.
type models struct {
	dice     simio.Dice // makes the decisions that concern models: a world that replaces none is the same whatever they are
	rate     int        // a model is replaced in one of so many turns in which that is possible; 0: never
	batcher  *batcher.Batcher
	replaced uint32 // how many times Replace was called
}

func drawModels(seed uint64) models {
	m := models{dice: simio.Dice{Rand: rand.New(rand.NewPCG(seed, 3))}}
	if m.dice.OneIn(3) {
		m.rate = simio.Pick(m.dice, 1, 3, 20)
	}
	return m
}

// room returns how many slots a response ring needs. The news of another model takes one.
func (m *models) room(inFlight int) int {
	if m.rate > 0 {
		inFlight++
	}
	return 1 << bits.Len(uint(inFlight-1))
}

// mostModels bounds how many models a world has: ofModel can tell them apart.
const mostModels = 60

// ofModel returns the score that a model gives in place of model 0's, which is from 1 to 2.
func ofModel(score float32, number uint32) float32 {
	return math.Float32frombits(math.Float32bits(score) + number<<23)
}

// modelOf returns the number of the model that gave a score.
func modelOf(score []byte) uint32 { return binary.LittleEndian.Uint32(score)>>23 - 0x3f800000>>23 }

// identity returns the identity of a model.
func identity(number uint32) wire.Identity { return wire.Identity{1, 2, 3, byte(number)} }

// replacing reports whether the thread has yet to pass on to the newest model.
func (w *world) replacing() bool { return w.thread.Passed() != w.replaced }

// news returns how many slots of the response ring may be left when the thread has ended: it need
// not learn of another model any more.
func (w *world) news() int {
	if w.batch != nil && w.replacing() && !w.batcher.Replacing() {
		return min(1, w.responses.Occupancy())
	}
	return 0
}

// replaceModel replaces the model now and then, as soon as the last replacement is behind the
// thread.
func (w *world) replaceModel() {
	if w.rate == 0 || w.replacing() || w.replaced == mostModels || !w.models.dice.OneIn(w.rate) {
		return
	}
	w.replaced++
	w.Note("model %d takes the place of the one before", w.replaced)
	welcome := w.v2.welcome
	welcome.Identity = identity(w.replaced)
	w.thread.Replace(Replacement{Welcome: welcome, Enough: simio.Pick(w.models.dice, 1, w.enough)})
	if w.models.dice.OneIn(2) {
		w.strided = !w.strided
	}
	scorer, err := w.batcher.ScorerOf(w.model(w.replaced))
	w.must(err)
	w.must(w.batcher.Replace(scorer))
	if w.batch != nil {
		w.batch.wake()
	}
	w.kernel.Signal()
}

// findNotices walks through data, which the thread sends next, message by message. It adds the
// notices in it to what the peer is owed, and learns which model answers. Notices of another model
// stand directly before the first answer that comes from it. A peer of version 1 gets none. No
// answer comes from an older model than one before, or from one that is not served yet.
func (s *socket) findNotices(data []byte) {
	p := s.peer
	for {
		at, message := p.boundary(s.found)
		rest := at - s.Taken
		if rest >= len(data) {
			return
		}
		switch {
		case s.findNotice(at, data[rest:]):
			s.found = at + len(goingAway)
		case message == len(p.sizes):
			return // more than the peer is owed
		default:
			s.learnModel(at, message, data[rest:])
			s.found = p.owedAfter[message+1]
		}
	}
}

// boundary returns the first offset of the answers, from that one on, at which a message begins or the
// answers end, and the number of the first message with an answer from there on.
func (s *script) boundary(from int) (at, message int) {
	for i, size := range s.sizes {
		if begin := s.owedAfter[i+1] - size; size > 0 && begin >= from {
			return begin, i
		}
	}
	return len(s.answers), len(s.sizes)
}

// learnModel learns from data, which begins with the answer to a message or with a notice before
// it, from which model it and all later answers come.
func (s *socket) learnModel(at, message int, data []byte) {
	p, number := s.peer, s.model
	isScored, isWelcome := p.kinds[message] == scored, strings.HasPrefix(p.kinds[message], greeted)
	switch {
	case p.version == 1 && isScored:
		number = modelOf(data[wire.HeaderBytes:])
	case isWelcome:
		number = uint32(data[p.identityAt(message, s.model)-at+modelByte])
	case p.version == 2 && binary.LittleEndian.Uint32(data) == notice+wire.AnotherModel:
		id := wire.Identity(data[wire.NoticeBytes:modelNoticeBytes])
		number = uint32(id[modelByte])
		if number == s.model || id != identity(number) || p.kinds[message] == denied {
			s.w.Fail("peer %d, which knows of model %d, is told of model %d before a %s", p.id, s.model, number, p.kinds[message])
		}
		p.insertModelNotice(at, message, data[:modelNoticeBytes])
	}
	if number < s.model || number > s.w.thread.model {
		s.w.Fail("peer %d gets an answer of model %d after one of model %d, and model %d is served", p.id, number, s.model, s.w.thread.model)
	}
	p.answerWith(message, s.model, number)
	s.model = number
}

const (
	notice    = 0xC0000000 // what a notice begins with, plus its type
	modelByte = 3          // of an identity: the number of the model
)

// insertModelNotice adds a notice of another model before the answer to a message, which begins at
// offset at of the answers.
func (s *script) insertModelNotice(at, message int, notice []byte) {
	s.answers = slices.Insert(s.answers, at, notice...)
	for i := message + 1; i < len(s.owedAfter); i++ {
		s.owedAfter[i] += len(notice)
	}
	s.others = append(s.others, message)
}

// answerWith makes model number give the answers to a message and all later ones, in place of
// model old.
func (s *script) answerWith(message int, old, number uint32) {
	for i := message; number != old && i < len(s.sizes); i++ {
		switch kind := s.kinds[i]; {
		case kind == scored:
			scores := s.answers[s.owedAfter[i+1]-s.sizes[i]+wire.HeaderBytes : s.owedAfter[i+1]]
			for len(scores) > 0 {
				score := math.Float32frombits(binary.LittleEndian.Uint32(scores) - old<<23)
				binary.LittleEndian.PutUint32(scores, math.Float32bits(ofModel(score, number)))
				scores = scores[4:]
			}
		case strings.HasPrefix(kind, greeted):
			s.answers[s.identityAt(i, old)+modelByte] = byte(number)
		}
	}
}

// identityAt returns where the identity of a model stands in the answers, in the welcome that
// answers a message.
func (s *script) identityAt(message int, number uint32) int {
	begin := s.owedAfter[message+1] - s.sizes[message]
	id := identity(number)
	return begin + bytes.Index(s.answers[begin:s.owedAfter[message+1]], id[:])
}
