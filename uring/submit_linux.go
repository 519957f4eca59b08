package uring

import (
	"time"

	"golang.org/x/sys/unix"
)

// Next returns a free entry. The caller calls one of its Prepare methods and then
// sets UserData, before it calls any other method of the ring.
//
// If the queue is full, Next submits it first; an error is the kernel's answer to
// that. Such a submission ends a chain of SQEIOLink entries, so call Submit before a
// chain that might not fit in the queue. Next takes a few ns while the queue has
// room.
func (r *Ring) Next() (*SQE, error) {
	if r.Unsubmitted() == len(r.sqes) {
		if err := r.makeRoom(); err != nil {
			return nil, err
		}
	}
	s := &r.sqes[r.next&r.sqMask]
	r.next++
	return s, nil
}

func (r *Ring) makeRoom() error {
	if _, err := r.Submit(); err != nil {
		return err
	}
	if r.Unsubmitted() == len(r.sqes) {
		return r.enterError(unix.EAGAIN)
	}
	return nil
}

// Unsubmitted returns how many entries wait for Submit.
func (r *Ring) Unsubmitted() int { return int(r.next - r.sqHead.Load()) }

// publish reveals the entries handed out by Next and returns how many the kernel
// has not taken.
//
// Ordering: the store of the tail releases the entries; it pairs with the
// kernel's acquire of the tail in io_uring_enter.
func (r *Ring) publish() uint32 {
	r.sqTail.Store(r.next)
	return r.next - r.sqHead.Load()
}

// Submit passes all entries to the kernel and returns how many the kernel took. It
// does not wait, and it makes no system call if there is nothing to submit. With
// SetupDeferTaskrun it does not bring completions either: see SubmitAndPoll.
//
// An entry that the kernel refuses completes with its error (SetupSubmitAll). The
// kernel takes fewer entries than there are only when it is out of memory; the rest
// stay in the queue.
func (r *Ring) Submit() (int, error) {
	count := r.publish()
	if count == 0 && r.fd >= 0 {
		return 0, nil
	}
	return r.enterUntilDone(count, 0)
}

// SubmitAndPoll passes all entries to the kernel, runs the completion work that
// waits there, and returns how many entries the kernel took. It does not wait, and
// it does not go through Go's scheduler, which makes it cheaper than SubmitAndWait.
// Call it when [Ring.Pending] returns true or there is something to submit.
func (r *Ring) SubmitAndPoll() (int, error) {
	return r.enterUntilDone(r.publish(), enterGetEvents)
}

func (r *Ring) enterUntilDone(submit, flags uint32) (int, error) {
	for {
		n, errno := r.enterNow(submit, flags)
		switch errno {
		case 0:
			return n, nil
		case unix.EINTR:
			continue
		}
		return 0, r.enterError(errno)
	}
}

// SubmitAndWait passes all entries to the kernel and waits until count completions
// are ready. It returns how many entries the kernel took. It panics if count is
// larger than the completion queue.
//
// With a negative timeout it waits without a limit and goes on after signals. With
// any other timeout it returns when the time has passed or on a signal, without an
// error; then fewer than count completions may be ready, or none.
func (r *Ring) SubmitAndWait(count uint32, timeout time.Duration) (int, error) {
	if count > uint32(len(r.cqes)) && r.fd >= 0 {
		panic("uring: waiting for more completions than the queue holds")
	}
	if timeout >= 0 {
		return r.waitFor(count, timeout)
	}
	taken := 0
	for {
		n, errno := r.enterWait(r.publish(), count, nil)
		if errno != 0 && errno != unix.EINTR {
			return taken, r.enterError(errno)
		}
		if errno == 0 {
			taken += n
		}
		// The kernel may return success with fewer completions: after a signal that
		// follows a submission, and when a timeout operation ends the wait early.
		if r.ready() >= count {
			return taken, nil
		}
	}
}

func (r *Ring) waitFor(count uint32, timeout time.Duration) (int, error) {
	if r.fd < 0 {
		return 0, r.enterError(unix.EBADF)
	}
	r.scratch.timeout.Set(timeout)
	n, errno := r.enterWait(r.publish(), count, &r.scratch.arg)
	switch errno {
	case 0:
		return n, nil
	case unix.ETIME, unix.EINTR:
		return 0, nil
	}
	return 0, r.enterError(errno)
}
