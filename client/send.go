package client

import (
	"errors"
	"os"
	"runtime"
	"time"
)

// send is the loop that writes. Each write carries the requests that were admitted
// during the write before it.
func (l *link) send() {
	for {
		to, ok := l.awaitRequests()
		if !ok {
			return
		}
		if l.handOver(&to) && len(l.out.rest) == 0 {
			l.halfClose()
			return
		}
		l.gather(to)
		if !l.finishWrite(l.out.writeTo(l.conn)) {
			return
		}
	}
}

// awaitRequests waits until there is something to write: the rest of a request, or
// the requests up to to. It returns false if the connection is lost.
func (l *link) awaitRequests() (to uint64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.taken == l.admitted && len(l.out.rest) == 0 && l.err == nil && !l.leaving {
		l.sendable.Wait()
		// The first request of a burst has woken this loop. Yielding once lets
		// other callers add their requests. That halves the cost of a call when
		// there are many callers and costs nothing when there is one.
		l.mu.Unlock()
		runtime.Gosched()
		l.mu.Lock()
	}
	l.writing = l.err == nil
	return l.admitted, l.writing
}

// handOver does nothing and returns false unless the server is going away. Then it moves
// the requests that no write has begun to other connections, so that to, the end of the next
// write, falls back to what was begun.
func (l *link) handOver(to *uint64) (leaving bool) {
	l.mu.Lock()
	leaving = l.leaving
	l.mu.Unlock()
	if !leaving {
		return false
	}
	c := l.slot.client
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending.pushFront(l.takeBack())
	c.placePending()
	*to = l.taken
	return true
}

// takeBack removes from the ring the requests that no write has begun.
func (l *link) takeBack() (requests []request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k := l.taken; k < l.admitted; k++ {
		r := l.at(k)
		requests = append(requests, *r)
		l.vectors -= r.vectors
		*r = request{}
	}
	l.admitted = l.taken
	return requests
}

// halfClose tells the server that no more requests come. The receive loop reads on.
func (l *link) halfClose() {
	if conn, ok := l.conn.(interface{ CloseWrite() error }); ok {
		conn.CloseWrite()
	}
}

// gather makes the next write from the requests between taken and to, as many as fit.
// It drops the requests whose calls have ended.
func (l *link) gather(to uint64) {
	l.out.reset()
	k := l.taken
	for ; k < to && !l.out.full(); k++ {
		l.out.add(*l.at(k), l, l.format)
	}
	if l.take(k) {
		l.slot.client.roomFreed()
	}
}

// take moves taken past the requests that are gathered. It removes the requests up to
// to that were dropped, and reports whether there were any.
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

// closeGaps removes from the ring the requests between taken and to that are not
// gathered. mu is held.
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

// finishWrite is called after a write of n bytes, which may be less than the whole.
// Requests that the write did not begin go back to the queue. If the write ended
// within a request, the rest of that request is copied. Afterwards the link no longer
// refers to callers' rows. finishWrite returns false if the connection is lost.
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
		begun = len(l.out.requests) // the server has answered requests that were not written
		err = &ProtocolError{Got: l.out.requests[begun-1].vectors}
	}
	l.mu.Unlock()
	l.out.keepRest(n)
	l.clearWrite(begun)
	if err != nil {
		// Answers may still arrive. The receive loop delivers them and finds the
		// end of the connection itself: after a failed write TCP gives the reader
		// the data that has arrived, and then an error.
		l.refuse(err)
	}
	return err == nil
}

// clearWrite forgets the requests of the last write and releases the rows that it
// referred to. The first begun of the requests were begun.
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
