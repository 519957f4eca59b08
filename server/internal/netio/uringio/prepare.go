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
		unix.SetNonblock(fd, false) // on one that does not block, an accept fails where it should wait
		sqe.PrepareMultishotAccept(fd, unix.SOCK_CLOEXEC)
	case netio.Wake:
		sqe.PrepareRead(fd, unsafe.Pointer(&b.wakes), 8, 0)
	case netio.Tick:
		sqe.PrepareTimeout(&b.tick, 0, 0)
	case netio.Cancel:
		sqe.PrepareCancel(userData(op.Key, op.Target), 0)
		sqe.Flags |= uring.SQECQESkipSuccess
	case netio.Close:
		sqe.PrepareClose(fd)
		sqe.Flags |= uring.SQECQESkipSuccess
	}
	sqe.UserData = userData(op.Key, op.Code)
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
