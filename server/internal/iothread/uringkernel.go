//go:build linux

package iothread

import (
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
)

// ringEntries is the submission queue: a larger turn is submitted in pieces.
const ringEntries = 1024

// RingKernel is the real [Kernel]: an io_uring and its receive buffers. It
// belongs to the OS thread that made it.
type RingKernel struct {
	ring        *uring.Ring
	buffers     *uring.BufRing
	completions []uring.CQE
	naps        int // of the current turn
	left        int // of its operations are not in the ring yet
	busy        atomic.Uint64
}

// NewRingKernel makes a ring for so many connections, and its receive buffers.
func NewRingKernel(conns int) (*RingKernel, error) {
	ring, err := uring.New(uring.Config{Entries: ringEntries, CQEntries: 8 * ringEntries})
	if err != nil {
		return nil, err
	}
	buffers, err := ring.NewBufRing(recvGroup, ReceiveBuffers, ReceiveBytes)
	if err != nil {
		ring.Close()
		return nil, fmt.Errorf("receive buffers: %w", err)
	}
	return &RingKernel{ring: ring, buffers: buffers, completions: make([]uring.CQE, max(8*ringEntries, operations*conns))}, nil
}

// Turn implements [Kernel].
func (k *RingKernel) Turn(ops []uring.SQE, block bool) ([]uring.CQE, error) {
	if len(ops) == 0 && !block && !k.ring.Pending() {
		return nil, nil
	}
	k.buffers.Publish()
	k.naps = 0
	got := 0
	for i := range ops {
		k.left = len(ops) - i
		op, err := k.ring.Next()
		for err != nil {
			if err = k.nap(err); err != nil {
				return nil, err
			}
			got = k.take(got)
			op, err = k.ring.Next()
		}
		*op = ops[i]
	}
	k.left = 0
	for {
		err := k.enter(block && got == 0)
		got = k.take(got)
		if err == nil && k.ring.Unsubmitted() == 0 {
			return k.completions[:got], nil
		}
		if err = k.nap(err); err != nil {
			return nil, err
		}
	}
}

// Untaken implements [Kernel]: the ring takes operations in order.
func (k *RingKernel) Untaken() int { return k.left + k.ring.Unsubmitted() }

func (k *RingKernel) enter(block bool) (err error) {
	if block {
		_, err = k.ring.SubmitAndWait(1, -1)
	} else {
		_, err = k.ring.SubmitAndPoll()
	}
	return err
}

// take adds the completions that there are to the first got. The slice grows in
// a flood of new connections only: each of the others has few operations.
func (k *RingKernel) take(got int) int {
	for {
		got += k.ring.Copy(k.completions[got:])
		if got < len(k.completions) {
			return got
		}
		k.completions = append(k.completions, make([]uring.CQE, len(k.completions))...)
	}
}

// nap waits a little for a kernel that is out of memory and has not taken all, if
// it has not been long; other errors it returns.
func (k *RingKernel) nap(err error) error {
	const (
		length = time.Millisecond
		most   = 1000
	)
	if k.naps++; k.naps > most || err != nil && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EBUSY) {
		if err == nil {
			err = errors.New("the kernel does not take operations")
		}
		return err
	}
	k.busy.Add(1)
	time.Sleep(length)
	return nil
}

// Busy is how often the kernel was too short of memory to take operations, and the
// thread waited a millisecond for it. Any goroutine may call it.
func (k *RingKernel) Busy() uint64 { return k.busy.Load() }

// Pending implements [Kernel].
func (k *RingKernel) Pending() bool { return k.ring.Pending() }

// Buffer implements [Kernel].
func (k *RingKernel) Buffer(id uint16, n int) []byte { return k.buffers.Bytes(id, n) }

// Recycle implements [Kernel].
func (k *RingKernel) Recycle(id uint16) {
	k.buffers.Bytes(id, 0) // taken, if it was not read
	k.buffers.Recycle(id)
}

// Unread implements [Kernel].
func (k *RingKernel) Unread(fd int32) int {
	n, err := unix.IoctlGetInt(int(fd), unix.SIOCINQ)
	if err != nil {
		return 0 // the connection is dead: a receive would say so too
	}
	return n
}

// Accept implements [Kernel].
func (k *RingKernel) Accept(listener int) (int32, error) {
	unix.SetNonblock(listener, true) // nothing else waits on it any more
	for {
		fd, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
		if err != unix.EINTR && err != unix.ECONNABORTED {
			return int32(fd), err
		}
	}
}

// Peer implements [Kernel].
func (k *RingKernel) Peer(fd int32) netip.Addr {
	sa, err := unix.Getpeername(int(fd))
	if err != nil {
		return netip.Addr{}
	}
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrFrom4(a.Addr)
	case *unix.SockaddrInet6:
		return netip.AddrFrom16(a.Addr).Unmap()
	}
	return netip.Addr{}
}

// EndOutput implements [Kernel]. That the peer is gone is told by the receive.
func (k *RingKernel) EndOutput(fd int32) { unix.Shutdown(int(fd), unix.SHUT_WR) }

// Close implements [Kernel].
func (k *RingKernel) Close(fd int) { unix.Close(fd) }

// Free gives everything back to the kernel, which ends what is in flight.
func (k *RingKernel) Free() error {
	err := k.ring.Close()
	if e := k.buffers.Close(); err == nil {
		err = e
	}
	return err
}
