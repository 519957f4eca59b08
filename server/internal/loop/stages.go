//go:build linux

package loop

import (
	"math/bits"
	"net/netip"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/ringbuf"
	"github.com/disrust/disrust/server/internal/stages"
	"github.com/disrust/disrust/slab"
)

// How long a request takes is measured in four stages: see [metrics.Stage]. The thread reads the clock when
// a turn of the backend has ended, when it has handled a read, and when a batch has its scores; each
// reading ends one stage and begins the next. All requests of one read and one batch share their stamps,
// and so one Record, which is counted when the turn that sends their answers has ended.

// stamping is the part of a Thread that measures stages.
type stamping struct {
	clock    func() int64
	now      int64 // the last reading of the clock
	arrived  int64 // when the thread learned of the events of this turn
	reading  int64 // when it learned of the read that it parses now
	inPool   reads // whose requests wait for their scores
	batch    batcher.Batch
	unsent   []stages.Record // whose answers the current turn sends
	heldBack bool            // some of these answers wait behind an earlier send
	recorder *stages.Recorder
	times    *stages.Times
}

// unsentRecords is how many records there may be between two turns without a loss of detail, beside one
// for each request in flight.
const unsentRecords = 256

func newStamping(clock func() int64, inFlight int) stamping {
	return stamping{
		clock: clock, now: clock(), recorder: stages.New(), times: new(stages.Times),
		inPool: reads{all: make([]admittedRead, readSlots(inFlight))}, unsent: make([]stages.Record, 0, inFlight+unsentRecords),
	}
}

// admittedRead is what one read has put into the pool and has no scores yet.
type admittedRead struct {
	key       slab.Key
	delivered int64
	parsed    int64 // 0: the thread still parses it
	requests  uint32
}

// readSlots returns how many admittedReads there may be at once, as a power of two: each has a request in flight.
func readSlots(inFlight int) int { return 1 << bits.Len(uint(inFlight-1)) }

// reads is a queue of admittedReads.
type reads struct {
	all       []admittedRead
	low, high int  // the first, and the one behind the last; both count on for ever
	open      bool // the last one is being parsed
}

func (q *reads) at(i int) *admittedRead { return &q.all[i&(len(q.all)-1)] }

// admitted notes a request that was put into the pool.
func (s *stamping) admitted(key slab.Key) {
	q := &s.inPool
	if !q.open {
		if q.low == q.high {
			q.low, q.high = 0, 0 // the memory used last is in the cache
		}
		*q.at(q.high) = admittedRead{key: key, delivered: s.reading}
		q.high, q.open = q.high+1, true
	}
	q.at(q.high-1).requests++
}

// parsed ends the stage Read of what the thread has put into the pool since it began to parse a read.
func (s *stamping) parsed() {
	if q := &s.inPool; q.open {
		s.now = s.clock()
		q.at(q.high - 1).parsed = s.now
		q.open = false
	}
}

// group returns how many of the next responses, of most, share a read and a batch. The first of them is in
// the slot of sequence seq.
func (s *stamping) group(batches []batcher.Batch, seq ringbuf.Sequence, most int) int {
	if s.batch.Count == 0 {
		s.batch = batches[int(seq)&(len(batches)-1)]
		s.now = max(s.now, s.batch.Scored)
		if s.batch.Rows > 0 {
			s.recorder.Batch(s.batch.Rows)
		}
	}
	return min(most, int(s.batch.Count), int(s.inPool.at(s.inPool.low).requests))
}

// answered ends the stage Score of the responses of a group.
func (s *stamping) answered(count int, vectors uint32) {
	q := &s.inPool
	read := q.at(q.low)
	rec := stages.Record{
		Key: uint64(read.key), Delivered: read.delivered, Parsed: read.parsed, Begun: s.batch.Begun, Scored: s.batch.Scored,
		Requests: uint32(count), Vectors: vectors,
	}
	if read.parsed == 0 {
		rec.Parsed = rec.Begun
	}
	s.note(&rec)
	s.batch.Count -= uint32(count)
	if read.requests -= uint32(count); read.requests == 0 {
		if q.low++; q.low == q.high {
			q.open = false
		}
	}
}

// answeredInPlace ends the stages of requests that were scored where they were received. They were parsed
// when the thread had nothing else to do before their batch: they do not wait.
func (s *stamping) answeredInPlace(key slab.Key, requests, vectors uint64) {
	begun := s.now
	s.now = s.clock()
	s.recorder.Batch(uint32(vectors))
	s.note(&stages.Record{
		Key: uint64(key), Delivered: s.reading, Parsed: begun, Begun: begun, Scored: s.now,
		Requests: uint32(requests), Vectors: uint32(vectors),
	})
}

// note keeps a record until the turn that sends its answers. If there is no room, its requests count with
// the record before.
func (s *stamping) note(rec *stages.Record) {
	if len(s.unsent) == cap(s.unsent) {
		last := &s.unsent[len(s.unsent)-1]
		last.Requests += rec.Requests
		last.Vectors += rec.Vectors
		return
	}
	s.unsent = append(s.unsent, *rec)
}

// turned notes that a turn of the backend has ended, and so the sends that it submitted.
func (t *Thread) turned() {
	t.now = t.clock()
	t.sent(t.now)
}

// sent counts the records whose answers were handed to the kernel by the time now. If a connection's
// answers wait behind an earlier send, its records wait with them.
func (t *Thread) sent(now int64) {
	if len(t.unsent) == 0 {
		return
	}
	for i := range t.unsent {
		rec := &t.unsent[i]
		if t.heldBack {
			if c := t.conns.Get(slab.Key(rec.Key)); c != nil && c.phase != closing && c.out.size > 0 {
				t.tally.HeldAnswers += uint64(rec.Requests)
				c.holdBack(rec)
				continue
			}
		}
		if t.recorder.Sent(rec, now) {
			t.recorder.NoteSlow(rec, now, t.peerOf(slab.Key(rec.Key)))
		}
	}
	t.unsent, t.heldBack = t.unsent[:0], false
	t.recorder.Publish()
}

// peerOf returns the address of a connection's peer, or the zero Addr if the connection has ended.
func (t *Thread) peerOf(key slab.Key) netip.Addr {
	if c := t.conns.Get(key); c != nil {
		return t.peer(c)
	}
	return netip.Addr{}
}

// holdBack keeps a record until c's output is sent. Records that wait together count with the stamps of the
// first.
func (c *conn) holdBack(rec *stages.Record) {
	if c.owed.Requests == 0 {
		c.owed = *rec
		return
	}
	c.owed.Requests += rec.Requests
	c.owed.Vectors += rec.Vectors
}

// release has the record that c holds back, if any, counted with the next turn.
func (t *Thread) release(c *conn) {
	if c.owed.Requests > 0 {
		t.note(&c.owed)
		c.owed = stages.Record{}
	}
}

// Recorder returns how long the thread's requests took.
func (t *Thread) Recorder() *stages.Recorder { return t.recorder }

// Times returns what the thread did with its time.
func (t *Thread) Times() *stages.Times { return t.times }
