//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/stages"
	"github.com/disrust/disrust/slab"
	"github.com/disrust/disrust/wire"
)

// phase is where a connection stands in its life. It only advances.
type phase uint8

const (
	open      phase = iota // requests are read and answered
	answering              // nothing more is read; requests already read are answered
	lingering              // all answers and FIN are sent; input is dropped until the peer's FIN
	closing                // over; its slot stays in use until none of its operations is in flight
)

// conn is one connection. It stays at one address in the slab.
type conn struct {
	key   slab.Key
	fd    int32
	phase phase
	ops   uint8 // operations in flight. A Send counts until settleSends, even if the socket took all of it at once

	version uint8 // of the protocol: 1 unless the connection began with a hello, then 2
	greeted bool  // its hello was answered

	dirty     bool // in Thread.dirty
	receiving bool // a receive is in flight
	more      bool // the socket had more input when the last receive ended
	eof       bool // the peer's FIN was read
	blocked   bool // the rest of a send waits for room in the socket
	failed    bool // version 1: the model failed for one of its requests, no later answer is sent
	denying   bool // version 2: a count was not allowed, and the failure that says so waits for earlier answers
	dismissed bool // its end has begun, in a drain or because of its age
	measured  bool // version 1: unread is known; only if dismissed and not silent

	awaitsHeader bool // its PROXY header has not arrived as a whole
	named        bool // the header named its peer: see Thread.named

	model uint32 // Thread.model when the peer was last answered, or welcomed

	received    uint64 // bytes of its stream, which begins behind the PROXY header once that is known
	deniedCount uint32 // the count, if denying

	unread   uint32 // bytes left to read that had arrived when the connection was dismissed
	since    uint32 // tick at which its current wait for the peer began, plus the ticks without a receive in flight
	paused   uint32 // tick at which the last receive ended, or since if that is later
	inFlight uint32 // requests admitted and not yet answered
	reserved uint32 // bytes that their answers will take

	partial partial
	held    held
	out     output
	sending sending

	queue      *queue // the queue in which it waits, or nil
	next, prev slab.Key

	stalledIn uint32 // Thread.model when it was last stalled
	born      uint32 // tick in which it was accepted

	delivered int64         // when the thread learned of the read that is stalled
	owed      stages.Record // of answers that wait behind an earlier send
}

// partial is the beginning of a request, hello or PROXY header whose rest has not arrived.
type partial struct {
	block blocks.ID
	size  uint32 // bytes that have arrived; of a hello or header, the block holds only the first ones
}

// held is the part of a receive buffer that is not parsed yet: its bytes lo to hi.
type held struct {
	buffer int16
	valid  bool
	lo, hi uint32
}

// output holds answers not yet handed to the backend.
type output struct {
	block blocks.ID
	size  uint32
}

// sending holds answers handed to the backend; the socket has taken the first lo bytes.
type sending struct {
	block  blocks.ID
	lo, hi uint32
}

// silent reports whether too little of c's stream has been received to tell its version.
func (c *conn) silent() bool {
	return c.version == 1 && (c.awaitsHeader || c.received < wire.HeaderBytes)
}

// idles reports whether c, in a drain, only waits for its peer: for FIN or another request after
// all answers and the notice that the server is going away, for the rest of its hello, or for the
// first bytes. To close such a connection loses nothing.
func (c *conn) idles() bool {
	return (c.version == 2 || c.silent()) && c.phase == open && c.inFlight == 0 && !c.held.valid && c.out.size == 0 && c.sending.block == blocks.None
}

func newConn(fd int32) conn {
	return conn{
		fd:      fd,
		version: 1,
		partial: partial{block: blocks.None},
		out:     output{block: blocks.None},
		sending: sending{block: blocks.None},
	}
}
