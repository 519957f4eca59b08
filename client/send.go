package client

import (
	"errors"
	"os"
	"runtime"
	"time"
)

// send is the loop that writes. Whatever was admitted while one write was
// under way goes out in the next.
func (l *link) send() {
	for {
		to, ok := l.awaitRequests()
		if !ok {
			return
		}
		l.gather(to)
		if !l.finishWrite(l.out.writeTo(l.conn)) {
			return
		}
	}
}

// awaitRequests waits until there is something to write: requests up to to, or
// the rest of one. It returns false when the connection is broken.
func (l *link) awaitRequests() (to uint64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.taken == l.admitted && len(l.out.rest) == 0 && l.err == nil {
		l.sendable.Wait()
		// The first request of a burst woke this loop. Yielding once lets
		// the callers behind it add theirs, which halves the cost of a call
		// when there are many and costs nothing when there is one.
		l.mu.Unlock()
		runtime.Gosched()
		l.mu.Lock()
	}
	l.writing = l.err == nil
	return l.admitted, l.writing
}

// gather makes the next write of the requests from taken to to, as far as they
// fit, and drops those whose calls have ended.
func (l *link) gather(to uint64) {
	l.out.reset()
	k := l.taken
	for ; k < to && !l.out.full(); k++ {
		l.out.add(*l.at(k), l, l.slot.client.cfg.Dim)
	}
	if l.take(k) {
		l.slot.client.roomFreed()
	}
}

// take notes that the requests up to to are gathered, except those that were
// dropped; it reports whether there were such.
func (l *link) take(to uint64) (dropped bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := l.out.requests
	if dropped = to-l.taken > uint64(len(kept)); dropped {
		l.closeGaps(to)
	}
	l.taken += uint64(len(kept))
	return dropped
}

// closeGaps leaves of the requests from taken to to only those gathered. mu is
// held.
func (l *link) closeGaps(to uint64) {
	for k := l.taken; k < to; k++ {
		l.vectors -= l.at(k).vectors
	}
	next := l.taken
	for _, r := range l.out.requests {
		l.vectors += r.vectors
		*l.at(next) = r.request
		next++
	}
	for ; to < l.admitted; to++ {
		*l.at(next) = *l.at(to)
		next++
	}
	for k := next; k < l.admitted; k++ {
		*l.at(k) = request{}
	}
	l.admitted = next
	l.publishLoad()
}

// finishWrite takes stock after a write of n bytes, in part or whole. What was
// not begun goes back in line; of what was, the rest is copied; callers' rows
// are let go. It returns false when the connection is broken.
func (l *link) finishWrite(n int, err error) bool {
	begun := l.out.begun(n)
	l.mu.Lock()
	l.writing = false
	if l.interrupted {
		l.interrupted = false
		l.conn.SetWriteDeadline(time.Time{})
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = nil
		}
	}
	if unbegun := uint64(len(l.out.requests) - begun); unbegun <= l.taken-l.answered {
		l.taken -= unbegun
	} else {
		begun = len(l.out.requests) // says a server that answers the unasked
		err = &ProtocolError{Got: l.out.requests[begun-1].vectors}
	}
	l.mu.Unlock()
	l.out.keepRest(n)
	l.clearWrite(begun)
	if err != nil {
		// Answers may still be on their way. The receive loop delivers
		// them and meets the end of the connection itself: after a failed
		// write TCP gives the reader what has arrived, then an error.
		l.refuse(err)
	}
	return err == nil
}

// letGo forgets the requests of the last write, of which so many were begun.
func (l *link) clearWrite(begun int) {
	for k, r := range l.out.requests {
		if k >= begun {
			r.flight.unbegin()
		}
		if r.byReference {
			r.flight.release(l)
		}
	}
	l.out.reset()
}
