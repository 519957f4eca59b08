package uring

import "golang.org/x/sys/unix"

// Pending reports whether the kernel has something for the caller: completions to
// Copy, or deferred work that the next call for completions (SubmitAndPoll,
// SubmitAndWait, or Copy after an overflow) will turn into completions. Pending is
// for polling loops: it reads shared memory and makes no system call.
func (r *Ring) Pending() bool {
	return r.ready() != 0 || r.sqFlags.Load()&(sqTaskrun|sqCQOverflow) != 0
}

// ready returns how many completions are in the queue.
//
// Ordering: the load of the tail acquires the completions below it; it pairs with
// the kernel's release of the tail.
func (r *Ring) ready() uint32 { return r.cqTail.Load() - r.cqHead.Load() }

// Copy moves completions into dst, oldest first, and returns how many it moved.
// When it returns, their slots belong to the kernel again.
//
// Copy makes no system call unless the queue has overflowed. Then it has the kernel
// refill the queue. A caller that repeats Copy until it returns less than len(dst)
// therefore loses no completion and delays none.
//
// Order: the completions of one operation come in order; completions of different
// operations come in the order in which they finished.
func (r *Ring) Copy(dst []CQE) int {
	n := r.take(dst)
	for n < len(dst) && r.sqFlags.Load()&sqCQOverflow != 0 {
		_, errno := r.enterNow(0, enterGetEvents)
		if errno == unix.EINTR {
			continue
		}
		more := r.take(dst[n:])
		if more == 0 {
			break
		}
		n += more
	}
	return n
}

// take is Copy without a system call: it leaves overflowed completions in the
// kernel.
//
// Ordering: the store of the head releases the slots after they were read; it
// pairs with the kernel's acquire of the head before it writes them again.
func (r *Ring) take(dst []CQE) int {
	head := r.cqHead.Load()
	ready := min(r.cqTail.Load()-head, uint32(len(dst)))
	if ready == 0 {
		return 0
	}
	first := head & uint32(len(r.cqes)-1)
	n := copy(dst[:ready], r.cqes[first:])
	copy(dst[n:ready], r.cqes)
	r.cqHead.Store(head + ready)
	return int(ready)
}
