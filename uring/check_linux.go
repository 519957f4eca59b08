package uring

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Check returns nil where this process can use io_uring for the operations ops:
// on a ring of its own, which it closes again, it completes a nop, lends the
// kernel a buffer and asks which operations there are. So it makes each of the
// three system calls, of which a filter may forbid one and not the others.
//
// [Unavailable] tells whether its error means to do without io_uring. For
// start-up, from any goroutine.
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
	const patience = time.Second // a nop is complete when it has been submitted
	s, err := r.Next()
	if err != nil {
		return err
	}
	s.PrepareNop()
	if _, err := r.SubmitAndWait(1, patience); err != nil {
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
