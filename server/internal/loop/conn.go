//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/slab"
)

// phase is where a connection stands in its life. It only ever advances.
type phase uint8

const (
	open      phase = iota // requests are read and answered
	answering              // nothing more is read; what was read is answered
	lingering              // all is answered and FIN sent; input is discarded until the peer's FIN
	closing                // over; waits until no operation on it is under way
)

// conn is one connection. Its slot in the slab does not move.
type conn struct {
	key   slab.Key
	fd    int32
	phase phase
	ops   uint8 // operations under way, or that may be until the end of this turn

	dirty     bool // in Thread.dirty
	receiving bool // a receive is under way
	more      bool // the socket had more when the last receive ended
	eof       bool // the peer's FIN was read
	blocked   bool // the rest of a send waits for the socket
	failed    bool // the model failed for it: no later answer is sent
	measured  bool // unread is known; only in a drain

	unread   uint32 // bytes that had arrived when the drain came to it, less those read since
	since    uint32 // tick at which what it waits for began, later by the time it did not receive: see expire
	paused   uint32 // tick at which the last receive ended, or since, if that is later
	inFlight uint32 // requests admitted and not yet answered
	reserved uint32 // bytes their answers will take

	partial partial
	held    held
	out     output
	sending sending

	queue      *queue // the queue it waits in, or nil
	next, prev slab.Key
}

// partial is the beginning of a request that a receive ended in.
type partial struct {
	block blocks.ID
	size  uint32
}

// held is what is left to parse of a receive buffer.
type held struct {
	buffer int16
	valid  bool
	lo, hi uint32
}

// output is answers not yet handed to the backend.
type output struct {
	block blocks.ID
	size  uint32
}

// sending is answers handed to the backend, of which lo bytes are gone.
type sending struct {
	block  blocks.ID
	lo, hi uint32
}

func newConn(fd int32) conn {
	return conn{
		fd:      fd,
		partial: partial{block: blocks.None},
		out:     output{block: blocks.None},
		sending: sending{block: blocks.None},
	}
}
