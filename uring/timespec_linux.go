package uring

import (
	"time"
	"unsafe"
)

// Timespec is struct __kernel_timespec, 64 bits wide on every architecture.
type Timespec struct {
	Sec  int64
	Nsec int64
}

var _ [16]byte = [unsafe.Sizeof(Timespec{})]byte{}

// Set sets t to the duration d. It panics if d is negative.
func (t *Timespec) Set(d time.Duration) {
	if d < 0 {
		panic("uring: negative duration")
	}
	t.Sec, t.Nsec = int64(d/time.Second), int64(d%time.Second)
}

// Timespec returns the timespec that belongs to s, set to d, for
// [SQE.PrepareTimeout].
//
// The ring owns the timespecs, one for each slot of the submission queue, in memory
// outside the Go heap. The timespec holds d until s is submitted; by then the kernel
// has read it (FeatSubmitStable). s must come from Next of the same ring.
func (r *Ring) Timespec(s *SQE, d time.Duration) *Timespec {
	slot := (uintptr(unsafe.Pointer(s)) - uintptr(unsafe.Pointer(unsafe.SliceData(r.sqes)))) / unsafe.Sizeof(*s)
	if slot >= uintptr(len(r.timespecs)) {
		panic("uring: entry of another ring")
	}
	t := &r.timespecs[slot]
	t.Set(d)
	return t
}
