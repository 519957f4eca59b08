//go:build linux

// Package netio is the seam between the connection state machine (package loop)
// and the kernel. The machine asks for operations ([Op]) and takes events
// ([Event]); a [Backend] carries the operations out. There are three: uringio on
// io_uring, epollio on epoll, and simio, a simulated kernel for tests. A fourth is
// one more folder.
package netio

import (
	"net/netip"
	"time"
)

const (
	// ReceiveBytes is the size of a receive buffer: a read of this size spreads
	// the kernel's price for an event over 254 requests of one vector, and cuts one in
	// four of the largest that are common, of 64 vectors, in place of one in two.
	ReceiveBytes = 128 << 10

	// ReceiveBuffers is how many receive buffers a backend has.
	ReceiveBuffers = 64

	// TickLength is how long a [Tick] operation takes.
	TickLength = 100 * time.Millisecond

	// Backlog is how many connections may wait to be accepted; the kernel lowers it
	// to net.core.somaxconn.
	Backlog = 4096
)

// Code says what an [Op] asks for and what an [Event] tells of.
type Code uint8

const (
	// Receive takes what has arrived on a socket, at most ReceiveBytes, into a
	// buffer that the backend chooses. It waits for input; N is 0 at the peer's FIN.
	// With Op.Drop it takes no buffer, and what arrives is lost.
	Receive Code = iota

	// Send gives a socket as much of Op.Data as it takes at once. It is over when
	// the turn that submits it returns, and has an event only if the socket did
	// not take all: N bytes that it took, or Interrupted if it took none.
	Send

	// SendRest gives a socket all of Op.Data and waits for room as long as it
	// takes. Its event may come early, with N less than all.
	SendRest

	// Accept takes connections from a listener, with an event each that has
	// DoneMore, until one that has not: the accept is over then.
	Accept

	// Wake completes when the eventfd Op.FD has been signalled, and resets it.
	Wake

	// Tick completes when TickLength has passed.
	Tick

	// Cancel asks the operation on Op.FD with this Key and the code Op.Target to
	// end; it has no event of its own. The operation's event comes as always:
	// Interrupted, or what it had come to before. Cancelling a SendRest gives the
	// connection up: nothing more can be sent on it, and the event may be Failed.
	Cancel

	// Close closes a descriptor on which no operation is under way. No event.
	Close
)

// Op is one operation that the machine asks for.
type Op struct {
	Key  uint64 // comes back in the events; below 1<<56. A key has one operation of a code at a time
	Data []byte // Send, SendRest: stays in place until the operation is over
	FD   int32
	Code Code

	Target Code // Cancel: what is to end
	Ready  bool // Receive: the socket probably has input, so an attempt at once pays
	Drop   bool // Receive: what arrives is dropped
	Shared bool // Accept: other threads accept from the listener's queue too, and this one leaves them their share
}

// Outcome is how an operation went.
type Outcome uint8

const (
	Done        Outcome = iota // N says how much
	DoneMore                   // as Done; Receive: the socket probably has more; Accept: more events follow
	Interrupted                // nothing was done: cancelled, or to be tried again
	Starved                    // Receive: there was no buffer
	Failed                     // the connection is dead; Accept: out of descriptors or memory
)

// NoBuffer is the Buffer of an event that brings none.
const NoBuffer = -1

// Event is the outcome of an operation, or one of many of an Accept.
type Event struct {
	Key     uint64
	N       int32 // bytes; Accept: the connection's descriptor. Only if Done or DoneMore
	Buffer  int16 // Receive: the buffer with the bytes, the machine's until Recycle; or NoBuffer
	Code    Code
	Outcome Outcome
}

// Backend carries out operations for one thread, to which it belongs: all calls but
// Busy come from the OS thread that made it. Nothing is allocated between the
// first turn and the last, but in a flood of new connections.
type Backend interface {
	// Turn starts ops in order, waits for an event if block is set, and returns
	// events. It takes all of ops, and a Send without an event among those
	// returned took all of its data. Both slices are reused: ops may be
	// overwritten after Turn, events are valid until the next one.
	//
	// An error means that the kernel refuses to go on.
	Turn(ops []Op, block bool) ([]Event, error)

	// Untaken is how many of ops, the last of them, a Turn that failed did not take.
	Untaken() int

	// Pending reports whether a Turn would find events. A thread polls it while it
	// waits for work, so it does not wait itself.
	Pending() bool

	// Buffer is the first n bytes of receive buffer id, which an event named; they
	// are the caller's until Recycle, which gives the buffer back at the next Turn.
	Buffer(id int16, n int) []byte
	Recycle(id int16)

	// Unread is how many bytes have arrived on socket fd that no receive has
	// taken. None may be under way.
	Unread(fd int32) int

	// AcceptNow takes a connection from a listener on which no accept is under way.
	// It does not wait: Interrupted says that there is none.
	AcceptNow(listener int32) (fd int32, outcome Outcome)

	// Peer is the address at the other end of socket fd, an IPv4 one as such; the
	// zero Addr, if there is none any more.
	Peer(fd int32) netip.Addr

	// EndOutput sends FIN on socket fd, after what was sent before. It does not
	// wait.
	EndOutput(fd int32)

	// CloseNow closes a descriptor outside a turn: a listener, and what is left
	// when the thread ends for an error.
	CloseNow(fd int32)

	// Busy is how often the kernel was too short of memory to take operations, and
	// the thread waited a millisecond for it. Any goroutine may call it.
	Busy() uint64

	// Free gives everything back to the kernel, which ends what is under way.
	Free() error
}
