//go:build linux

package uringio

import (
	"fmt"
	"unsafe"

	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
)

const (
	// sendAll makes the kernel send everything, or complete with the number of bytes sent.
	sendAll = unix.MSG_WAITALL | unix.MSG_NOSIGNAL
	sendNow = sendAll | unix.MSG_DONTWAIT

	// codeShift is the position of an operation's code in its user data. The key is below it.
	codeShift = 56
)

// operations are the io_uring operations that a Backend uses.
var operations = [...]uring.Op{
	uring.OpAccept, uring.OpRecv, uring.OpSend, uring.OpRead, uring.OpTimeout, uring.OpAsyncCancel, uring.OpClose,
}

// Check returns nil if this process can use what a Backend needs of io_uring. Otherwise it returns the error of
// [uring.Check].
func Check() error { return uring.Check(operations[:]...) }

func userData(key uint64, code netio.Code) uint64 { return key | uint64(code)<<codeShift }

// prepare writes op into a free entry of the submission queue.
//
// A cancel of a SendRest also shuts the socket down. If the peer has sent FIN, poll reports
// a full socket as ready and the kernel moves the send to a worker thread. A cancel that
// arrives during the move is lost (observed on Linux 6.18), and the send would go on until
// the peer reads.
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
	default:
		panic(fmt.Sprintf("uringio: operation %d", op.Code))
	}
	sqe.UserData = userData(op.Key, op.Code)
}

// prepareAccept prepares an accept. The listener must be in blocking mode: otherwise the
// accept fails where it should wait.
//
// On a shared queue, the kernel wakes only the first waiting accept for each connection
// (EPOLLEXCLUSIVE). A multishot accept would stay first, and its thread would get every
// connection. So a shared accept is single-shot: when it is submitted again, it goes to the
// end of the line. A shared listener is in blocking mode from the beginning until the first
// thread drains. Setting the mode here would make an AcceptNow of that thread wait.
func prepareAccept(sqe *uring.SQE, op *netio.Op) {
	if op.Shared {
		sqe.PrepareAccept(int(op.FD), unix.SOCK_CLOEXEC)
		return
	}
	unix.SetNonblock(int(op.FD), false)
	sqe.PrepareMultishotAccept(int(op.FD), unix.SOCK_CLOEXEC)
}

func (b *Backend) prepareReceive(sqe *uring.SQE, op *netio.Op) {
	if op.Drop { // MSG_TRUNC copies nothing from a TCP socket: tcp(7)
		sqe.PrepareRecv(int(op.FD), unsafe.Pointer(unsafe.SliceData(b.discard)), len(b.discard), unix.MSG_TRUNC)
		return
	}
	sqe.PrepareRecvSelect(int(op.FD), group, 0)
	if !op.Ready {
		sqe.IOPrio |= uring.RecvSendPollFirst // the socket is empty, so an attempt would find nothing
	}
}
