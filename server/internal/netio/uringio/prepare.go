//go:build linux

package uringio

import (
	"unsafe"

	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
)

const (
	// sendAll asks for all, or for a completion that says how much.
	sendAll = unix.MSG_WAITALL | unix.MSG_NOSIGNAL
	sendNow = sendAll | unix.MSG_DONTWAIT

	// codeShift is where the user data of an operation has its code, over its key.
	codeShift = 56
)

// Operations are those of io_uring that a Backend asks for.
var Operations = [...]uring.Op{
	uring.OpAccept, uring.OpRecv, uring.OpSend, uring.OpRead, uring.OpTimeout, uring.OpAsyncCancel, uring.OpClose,
}

func userData(key uint64, code netio.Code) uint64 { return key | uint64(code)<<codeShift }

// prepare writes op into a free entry of the submission queue.
//
// A send that waits is cancelled by a shutdown, too. Where the peer has sent FIN, poll
// reports a full socket as ready, the kernel moves the send to a worker thread, and a
// cancel that comes while it does so is lost (observed on Linux 6.18): the send would go
// on until the peer reads.
func (b *Backend) prepare(sqe *uring.SQE, op *netio.Op) {
	fd := int(op.FD)
	switch op.Code {
	case netio.Receive:
		b.prepareReceive(sqe, op)
	case netio.Send:
		sqe.PrepareSend(fd, unsafe.Pointer(unsafe.SliceData(op.Data)), len(op.Data), sendNow)
		sqe.Flags |= uring.SQECQESkipSuccess
	case netio.SendRest:
		sqe.PrepareSend(fd, unsafe.Pointer(unsafe.SliceData(op.Data)), len(op.Data), sendAll)
	case netio.Accept:
		prepareAccept(sqe, op)
	case netio.Wake:
		sqe.PrepareRead(fd, unsafe.Pointer(&b.wakes), 8, 0)
	case netio.Tick:
		sqe.PrepareTimeout(&b.tick, 0, 0)
	case netio.Cancel:
		if op.Target == netio.SendRest {
			unix.Shutdown(fd, unix.SHUT_RDWR)
		}
		sqe.PrepareCancel(userData(op.Key, op.Target), 0)
		sqe.Flags |= uring.SQECQESkipSuccess
	case netio.Close:
		sqe.PrepareClose(fd)
		sqe.Flags |= uring.SQECQESkipSuccess
	}
	sqe.UserData = userData(op.Key, op.Code)
}

// prepareAccept: on a listener that does not block, an accept fails where it should wait.
//
// A connection wakes only the first of the accepts that wait for a shared queue
// (EPOLLEXCLUSIVE). A multishot accept stays the first, and its thread gets all
// connections; a single one that is asked for again is the last. Such a listener blocks
// from the beginning, and to the end of the first thread that drains: to set it here
// would have an AcceptNow of that thread wait.
func prepareAccept(sqe *uring.SQE, op *netio.Op) {
	if op.Shared {
		sqe.PrepareAccept(int(op.FD), unix.SOCK_CLOEXEC)
		return
	}
	unix.SetNonblock(int(op.FD), false)
	sqe.PrepareMultishotAccept(int(op.FD), unix.SOCK_CLOEXEC)
}

func (b *Backend) prepareReceive(sqe *uring.SQE, op *netio.Op) {
	if op.Drop { // copies nothing from a TCP socket: MSG_TRUNC in tcp(7)
		sqe.PrepareRecv(int(op.FD), unsafe.Pointer(unsafe.SliceData(b.discards)), len(b.discards), unix.MSG_TRUNC)
		return
	}
	sqe.PrepareRecvSelect(int(op.FD), group, 0)
	if !op.Ready {
		sqe.IOPrio |= uring.RecvSendPollFirst // the socket is empty: an attempt would be in vain
	}
}
