//go:build linux

package iothread

import (
	"fmt"

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
}

// NewRingKernel makes a ring for conns connections.
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
	// A connection has at most three operations and a cancellation of two of
	// them under way: one Copy takes whatever may have completed.
	return &RingKernel{ring, buffers, make([]uring.CQE, 5*conns+ringEntries)}, nil
}

// Turn implements [Kernel].
func (k *RingKernel) Turn(ops []uring.SQE, block bool) ([]uring.CQE, error) {
	if len(ops) == 0 && !block && !k.ring.Pending() {
		return nil, nil
	}
	k.buffers.Publish()
	for i := range ops {
		op, err := k.ring.Next()
		if err != nil {
			return nil, err
		}
		*op = ops[i]
	}
	if err := k.enter(block); err != nil {
		return nil, err
	}
	return k.completions[:k.ring.Copy(k.completions)], nil
}

func (k *RingKernel) enter(block bool) (err error) {
	if block {
		_, err = k.ring.SubmitAndWait(1, -1)
	} else {
		_, err = k.ring.SubmitAndPoll()
	}
	return err
}

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

// Close gives everything back to the kernel, which ends what is in flight.
func (k *RingKernel) Close() error {
	err := k.ring.Close()
	if e := k.buffers.Close(); err == nil {
		err = e
	}
	return err
}
