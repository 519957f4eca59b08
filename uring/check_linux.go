package uring

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Check returns nil if this process can use io_uring for the operations ops. It
// makes a ring of its own, completes a nop, lends the kernel a buffer, asks which
// operations the kernel has, and closes the ring. So it makes each of the three
// system calls; a seccomp filter may forbid one of them and allow the others.
//
// [Unavailable] says of its error whether the program should do without io_uring.
// Check is meant for start-up and may be called from any goroutine.
func Check(ops ...Op) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r, err := New(Config{Entries: 1})
	if err != nil {
		return err
	}
	defer r.Close()
	if err := r.completesNop(); err != nil {
		return err
	}
	if err := r.lendsBuffer(); err != nil {
		return err
	}
	return r.has(ops)
}

func (r *Ring) completesNop() error {
	const timeout = time.Second // generous: a nop completes while it is submitted
	s, err := r.Next()
	if err != nil {
		return err
	}
	s.PrepareNop()
	if _, err := r.SubmitAndWait(1, timeout); err != nil {
		return err
	}
	var done [1]CQE
	if r.Copy(done[:]) == 0 || done[0].Res != 0 {
		return missing(OpNop)
	}
	return nil
}

func (r *Ring) lendsBuffer() error {
	b, err := r.NewBufRing(0, 1, 1)
	if err != nil {
		return err
	}
	return b.Close()
}

// has returns an error that names the first of ops that the kernel lacks.
func (r *Ring) has(ops []Op) error {
	supported, err := r.operations()
	if err != nil {
		return err
	}
	for _, op := range ops {
		if !supported.Supports(op) {
			return missing(op)
		}
	}
	return nil
}

func missing(op Op) error {
	return &UnsupportedError{Feature: op.String(), Linux: oldest, Errno: unix.EINVAL}
}
