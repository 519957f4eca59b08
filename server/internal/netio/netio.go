//go:build linux

// Package netio is the seam between the connection state machine (package loop) and the
// kernel. The machine submits operations ([Op]) and handles events ([Event]). A [Backend]
// carries the operations out. There are three backends: uringio on io_uring, epollio on
// epoll, and simio, a simulated kernel for tests.
//
// # How to add an operation
//
//   - netio.go: add a [Code] with its contract, its name in codeNames, and the fields of [Op]
//     that it needs. From then on the tests fail until the suite of netiotest submits it.
//   - uringio: prepare the SQE in prepare.go, translate its completion in take.go, and list
//     a new opcode in Operations.
//   - epollio: start it in begin (turn.go). If it has to wait, continue it in serve (turn.go).
//   - simio: start it in submit, and complete it in ready and perform (operation.go); an
//     operation without an event is over when submit returns. Simulated sockets are in
//     socket.go, and what moves their bytes in transfer.go. The build fails until codesKnown
//     in operation.go counts the new operation. What tests it there is the simulation of
//     package loop, so only once the machine submits it.
//   - netiotest: add named cases to suite.go, and an action to traffic.go.
//   - loop: submit it with Thread.prepare and handle its events in Thread.dispatch (loop.go).
//     If it may outlive its connection, checkOwners in sim_check_test.go must know.
//
// # How to add a backend
//
//   - Make a folder next to uringio with a type that implements [Backend]. If it works on real
//     sockets, embed sockets.Sockets, which implements the calls that do not depend on the
//     kernel interface.
//   - Call netiotest.Run in a test: it checks the contract over TCP and AF_UNIX.
//   - Let package server offer the backend: backend.go there selects, makes and sizes them.
package netio

import (
	"net/netip"
	"time"
)

const (
	// ReceiveBytes is the size of a receive buffer, unless Config says less. A full receive
	// spreads the kernel's cost of one event over 254 requests of one vector. Its end cuts one
	// in four of the largest common requests, which have 64 vectors. Half the size would cut one
	// in two.
	ReceiveBytes = 128 << 10

	// ReceiveBuffers is how many receive buffers a backend has.
	ReceiveBuffers = 64

	// TickLength is how long a [Tick] operation takes.
	TickLength = 100 * time.Millisecond

	// Backlog is how many connections a listener queues for accepting. The kernel lowers it
	// to net.core.somaxconn.
	Backlog = 4096
)

// Config says what a backend is for.
type Config struct {
	Conns        int // connections at once
	ReceiveBytes int // the size of each receive buffer, at most the constant of this name
}

// Code says what kind of operation an [Op] is, and to which kind an [Event] belongs.
type Code uint8

const (
	// Receive reads what has arrived on a socket into a buffer that the backend chooses, at
	// most Config.ReceiveBytes. It waits for input. Its event has N = 0 at the peer's FIN. With
	// Op.Drop it uses no buffer, and the input is lost.
	Receive Code = iota

	// Send writes as much of Op.Data as the socket takes at once. It ends before the turn
	// that submits it returns. It has an event only if the socket did not take everything:
	// Done with N bytes taken, Interrupted if the socket took none, or Failed.
	Send

	// SendRest writes Op.Data and waits for room without a time limit. It may end early, with
	// N less than the length of Data.
	SendRest

	// Accept accepts connections from a listener. Each connection is one event. The accept
	// goes on after events with DoneMore, and ends with an event that has another outcome.
	Accept

	// Wake completes when the eventfd Op.FD has been signalled, and resets the eventfd.
	Wake

	// Tick completes when TickLength has passed.
	Tick

	// Cancel asks the operation on Op.FD with the same Key and the code Op.Target to end.
	// Cancel itself has no event. The cancelled operation still has its own event:
	// Interrupted, or the outcome that it reached before. Cancelling a SendRest gives up the
	// connection: nothing more can be sent on it, and the event may be Failed.
	Cancel

	// Close closes a descriptor on which no operation is in flight. It has no event.
	Close

	// Codes is how many codes there are.
	Codes
)

var codeNames = [Codes]string{
	Receive: "receive", Send: "send", SendRest: "rest of a send", Accept: "accept",
	Wake: "wake", Tick: "tick", Cancel: "cancel", Close: "close",
}

// String returns the name of c.
func (c Code) String() string { return codeNames[c] }

// Op is one operation that the machine submits.
type Op struct {
	Key  uint64 // below 1<<56; the events of the Op carry it. At most one operation of each code is in flight per key
	Data []byte // Send, SendRest: the memory must stay in place until the operation ends
	FD   int32
	Code Code

	Target Code // Cancel: the code of the operation to end
	Ready  bool // Receive: the socket probably has input, so the backend should try at once
	Drop   bool // Receive: the input is dropped
	Shared bool // Accept: other threads also accept from this listener's queue, and must get their share
}

// Outcome says how an operation went.
type Outcome uint8

const (
	Done        Outcome = iota // done; N says how much
	DoneMore                   // done; Receive: the socket probably has more; Accept: more events follow
	Interrupted                // nothing was done: the operation was cancelled or must be retried
	Starved                    // Receive: no buffer was free
	Failed                     // the connection is dead; Accept: out of descriptors or memory
)

// NoBuffer is the Buffer of an event without a buffer.
const NoBuffer = -1

// Event is the outcome of an operation, or one of the many events of an Accept.
type Event struct {
	Key     uint64
	N       int32 // bytes; Accept: the connection's descriptor. Valid only with Done and DoneMore
	Buffer  int16 // Receive: the buffer with the bytes, owned by the machine until Recycle; or NoBuffer
	Code    Code
	Outcome Outcome
}

// Backend carries out operations for one thread. All calls but Busy must come from the OS
// thread that made the backend. A backend allocates nothing between the first turn and the
// last, except in a flood of new connections.
type Backend interface {
	// Turn starts ops in order, waits for an event if block is set, and returns events. It
	// takes all of ops. A Send without an event among those returned has sent all its data.
	// Both slices are reused: the caller may overwrite ops after Turn, and the events are
	// valid until the next Turn.
	//
	// An error means that the kernel refuses to go on. It comes without events.
	Turn(ops []Op, block bool) ([]Event, error)

	// Untaken returns how many ops a failed Turn did not take. These are the last ones of ops.
	Untaken() int

	// Pending reports whether a Turn would return events. It does not wait: a thread that
	// waits for work polls it.
	Pending() bool

	// Buffer returns the first n bytes of receive buffer id, which an event named. They
	// belong to the caller until Recycle. Recycle gives the buffer back to the backend, which
	// may use it from the next Turn on.
	Buffer(id int16, n int) []byte
	Recycle(id int16)

	// Unread returns how many bytes have arrived on socket fd that no receive has taken. No
	// receive may be in flight on fd.
	Unread(fd int32) int

	// AcceptNow accepts a connection from a listener on which no accept is in flight. It does
	// not wait: Interrupted means that no connection was queued.
	AcceptNow(listener int32) (fd int32, outcome Outcome)

	// Peer returns the address at the other end of socket fd, with an IPv4 address in its
	// IPv4 form. It returns the zero Addr if there is none, because the peer is gone or the
	// socket has no IP address.
	Peer(fd int32) netip.Addr

	// EndOutput sends FIN on socket fd, after everything sent before. It does not wait.
	EndOutput(fd int32)

	// CloseNow closes a descriptor outside a turn: a listener, or a descriptor that is left
	// when the thread ends because of an error.
	CloseNow(fd int32)

	// Busy returns how often the thread waited a millisecond because the kernel was too short
	// of memory to take operations. Any goroutine may call it.
	Busy() uint64

	// Free releases everything and ends the operations in flight. It closes the connections
	// that accepts have taken and no Turn has returned.
	Free() error
}
