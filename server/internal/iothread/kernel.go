//go:build linux

package iothread

import (
	"net/netip"

	"github.com/disrust/disrust/uring"
)

// Kernel is what the loop asks of io_uring: a call a turn, and the receive
// buffers. Tests put a simulated one in its place.
type Kernel interface {
	// Turn hands ops to the kernel in order, waits for a completion if block is
	// set, and returns completions. It takes all of ops and returns every
	// completion there is: that an operation which completes only when it fails
	// has not completed means that it has succeeded. Both slices are reused: ops
	// may be overwritten after Turn, completions are valid until the next one.
	Turn(ops []uring.SQE, block bool) ([]uring.CQE, error)

	// Untaken is how many of ops, the last of them, a Turn that failed did not take.
	Untaken() int

	// Pending reports, without asking the kernel, whether a Turn would find
	// completions.
	Pending() bool

	// Buffer is the first n bytes of receive buffer id, which a completion
	// named; they are the caller's until Recycle, which gives the buffer back at
	// the next Turn.
	Buffer(id uint16, n int) []byte
	Recycle(id uint16)

	// Unread is how many bytes have arrived on socket fd that no receive has
	// taken. None may be under way.
	Unread(fd int32) int

	// Accept takes a connection from a listener on which no accept is under way. It
	// does not wait: EAGAIN says that there is none.
	Accept(listener int) (fd int32, err error)

	// Peer is the address at the other end of socket fd, an IPv4 one as such; the
	// zero Addr, if there is none any more.
	Peer(fd int32) netip.Addr

	// EndOutput sends FIN on socket fd, after what was sent before. It does not
	// wait.
	EndOutput(fd int32)

	// Close closes a descriptor outside a turn: the listener, and what is left
	// when the thread ends for an error.
	Close(fd int)
}

// The operation in the top byte of user_data. Those up to opSendRest carry a
// connection's key, the others concern the thread.
const (
	opRecv uint8 = iota
	opSend       // takes what the socket takes at once; completes only if that is not all
	opSendRest
	opAccept
	opWake
	opTick
	opIgnore // cancel and close: their outcome changes nothing
)

// recvGroup is the buffer group of the receive buffers.
const recvGroup = 0
