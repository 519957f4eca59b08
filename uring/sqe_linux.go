package uring

import (
	"math"
	"unsafe"
)

// SQE is a submission queue entry, laid out as struct io_uring_sqe: 64 bytes, one
// cache line.
//
// A Prepare method sets all 64 bytes, so nothing of the slot's last operation
// remains. Set UserData, and further bits of Flags and IOPrio, after it. The entry
// belongs to the caller from [Ring.Next] until the next call that submits.
type SQE struct {
	Opcode      Op
	Flags       uint8  // SQEIOLink, SQEBufferSelect and so on
	IOPrio      uint16 // flags of accept, receive and send
	FD          int32
	Off         uint64 // file offset, addr2 or a timeout's count
	Addr        uint64
	Len         uint32
	OpFlags     uint32 // msg_flags, accept_flags, cancel_flags, timeout_flags
	UserData    uint64 // comes back in CQE.UserData
	BufGroup    uint16 // the buffer group if SQEBufferSelect is set; else the index of a registered buffer
	Personality uint16
	FileIndex   uint32
	Addr3       uint64
	_           uint64
}

var _ [64]byte = [unsafe.Sizeof(SQE{})]byte{}

// PrepareNop prepares an operation that does nothing and completes with 0.
func (s *SQE) PrepareNop() {
	*s = SQE{Opcode: OpNop, FD: -1}
}

// PrepareAccept accepts one connection on fd. Res is the connection's descriptor,
// opened with the SOCK_ flags given. The kernel does not return the peer's address.
func (s *SQE) PrepareAccept(fd int, flags uint32) {
	*s = SQE{Opcode: OpAccept, FD: int32(fd), OpFlags: flags}
}

// PrepareMultishotAccept accepts connections on fd, one completion for each, until
// the operation fails or is cancelled. Any error ends it, EMFILE included.
// Linux 5.19.
func (s *SQE) PrepareMultishotAccept(fd int, flags uint32) {
	s.PrepareAccept(fd, flags)
	s.IOPrio = AcceptMultishot
}

// PrepareRecv receives up to size bytes into the memory at addr, which belongs to
// the kernel until completion. The flags are those of recv(2).
func (s *SQE) PrepareRecv(fd int, addr unsafe.Pointer, size int, flags uint32) {
	*s = SQE{Opcode: OpRecv, FD: int32(fd), Addr: address(addr), Len: length(size), OpFlags: flags}
}

// PrepareRecvSelect receives once, into a buffer of group that the kernel picks when
// data has arrived. If no buffer is free the operation completes with ENOBUFS.
func (s *SQE) PrepareRecvSelect(fd int, group uint16, flags uint32) {
	*s = SQE{Opcode: OpRecv, Flags: SQEBufferSelect, FD: int32(fd), OpFlags: flags, BufGroup: group}
}

// PrepareMultishotRecv receives into buffers of group, one completion for each,
// until the stream ends (Res 0) or the operation fails or is cancelled. If no buffer
// is free the operation ends with ENOBUFS; the data stays in the socket. Linux 6.0.
func (s *SQE) PrepareMultishotRecv(fd int, group uint16, flags uint32) {
	s.PrepareRecvSelect(fd, group, flags)
	s.IOPrio = RecvMultishot
}

// PrepareSend sends size bytes from the memory at addr, which belongs to the kernel
// until completion. The flags are those of send(2). With MSG_WAITALL the kernel goes
// on after a short send instead of completing the operation.
func (s *SQE) PrepareSend(fd int, addr unsafe.Pointer, size int, flags uint32) {
	*s = SQE{Opcode: OpSend, FD: int32(fd), Addr: address(addr), Len: length(size), OpFlags: flags}
}

// PrepareRead reads up to size bytes at offset into the memory at addr, which
// belongs to the kernel until completion. Offset -1 means the file's position.
func (s *SQE) PrepareRead(fd int, addr unsafe.Pointer, size int, offset int64) {
	*s = SQE{Opcode: OpRead, FD: int32(fd), Off: uint64(offset), Addr: address(addr), Len: length(size)}
}

// PrepareClose closes fd. Operations in flight on fd keep the file itself open until
// they end: cancel them or shut the socket down first.
func (s *SQE) PrepareClose(fd int) {
	*s = SQE{Opcode: OpClose, FD: int32(fd)}
}

// PrepareShutdown shuts a socket down as shutdown(2) does; how is unix.SHUT_RD,
// SHUT_WR or SHUT_RDWR.
func (s *SQE) PrepareShutdown(fd, how int) {
	*s = SQE{Opcode: OpShutdown, FD: int32(fd), Len: uint32(how)}
}

// PrepareCancel cancels one operation that has this user data or, with
// [AsyncCancelAll], all of them. A cancelled operation completes with ECANCELED.
//
// Res is 0 or, with AsyncCancelAll, the number of operations cancelled. ENOENT means
// that there was none. EALREADY means that the operation is running and may still
// complete by itself.
func (s *SQE) PrepareCancel(userData uint64, flags uint32) {
	*s = SQE{Opcode: OpAsyncCancel, FD: -1, Addr: userData, OpFlags: flags}
}

// PrepareCancelFD is [SQE.PrepareCancel] by descriptor. Linux 5.19.
func (s *SQE) PrepareCancelFD(fd int, flags uint32) {
	*s = SQE{Opcode: OpAsyncCancel, FD: int32(fd), OpFlags: flags | AsyncCancelFD}
}

// PrepareTimeout completes with ETIME when ts has passed, or with 0 as soon as
// count other operations have completed. With count 0 only the time counts. The
// kernel reads ts at submission; [Ring.Timespec] provides one that lasts until then.
func (s *SQE) PrepareTimeout(ts *Timespec, count, flags uint32) {
	*s = SQE{Opcode: OpTimeout, FD: -1, Off: uint64(count), Addr: address(unsafe.Pointer(ts)), Len: 1, OpFlags: flags}
}

func address(p unsafe.Pointer) uint64 { return uint64(uintptr(p)) }

func length(size int) uint32 {
	if size < 0 || size > math.MaxInt32 {
		panic("uring: size out of range")
	}
	return uint32(size)
}
