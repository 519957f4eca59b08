package client

import (
	"net"
	"sync"
	"time"
)

// link is one connection and the requests on it.
//
// Ownership: the send loop alone writes to the connection and owns out; the
// receive loop alone reads from it and owns ended. mu guards the rest. A ring
// element is written under mu too; the send loop reads those from taken to
// admitted without, for it alone changes them.
type link struct {
	slot *slot
	conn net.Conn

	mu       sync.Mutex
	sendable sync.Cond // a request was admitted, or err was set

	// Requests are numbered as they are admitted; request k lives in
	// ring[k % window] until it is answered. Those below taken are in a write,
	// or were; when a write ends early, taken falls to what it had not begun.
	//
	// Invariant: answered <= taken <= admitted <= answered + window.
	ring                      []request
	admitted, taken, answered uint64

	vectors     int   // of all requests on the link
	writing     bool  // a write is being gathered or under way
	interrupted bool  // and its deadline is over
	err         error // why nothing is admitted any more

	out   outgoing
	ended []*flight
}

func newLink(s *slot, conn net.Conn) *link {
	l := &link{slot: s, conn: conn, ring: make([]request, s.client.cfg.Window)}
	l.sendable.L = &l.mu
	return l
}

// run sends and receives until the connection is lost, and says why.
func (l *link) run() error {
	var sender sync.WaitGroup
	sender.Go(l.send)
	err := l.receive()
	l.sever(err)
	sender.Wait()
	return err
}

func (l *link) at(k uint64) *request { return &l.ring[k%uint64(len(l.ring))] }

// admit puts r in line to be sent; false when the window is full or the
// connection broken.
func (l *link) admit(r request) bool {
	l.mu.Lock()
	if l.err != nil || l.full() {
		l.mu.Unlock()
		return false
	}
	first := l.admitted == l.taken
	*l.at(l.admitted) = r
	l.admitted++
	l.vectors += r.vectors
	l.publishLoad()
	l.mu.Unlock()
	if first {
		l.sendable.Signal()
	}
	return true
}

// full reports whether the window is. mu is held.
func (l *link) full() bool { return l.admitted-l.answered == uint64(len(l.ring)) }

// publishLoad tells those who choose a connection how it stands. mu is held.
func (l *link) publishLoad() {
	load := int64(l.vectors)
	if l.err != nil || l.full() {
		load = noRoom
	}
	l.slot.load.Store(load)
}

// interrupt ends the write under way, if any: it writes no more, lets go of
// what it refers to, and what it had not begun is gathered anew.
func (l *link) interrupt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writing && !l.interrupted {
		l.interrupted = true
		l.conn.SetWriteDeadline(time.Unix(1, 0))
	}
}

// refuse stops the admission of requests; the first reason stays.
func (l *link) refuse(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
		l.publishLoad()
		l.sendable.Signal()
	}
}

// sever ends the connection, and by that both loops.
func (l *link) sever(err error) {
	l.refuse(err)
	l.conn.Close()
}

// busy reports whether a request on the link still wants its answer.
func (l *link) busy() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k := l.answered; k < l.admitted; k++ {
		if l.at(k).flight.live() {
			return true
		}
	}
	return false
}

// remains returns the requests to be sent elsewhere, after both loops have
// ended with err: those not begun, and of the others those that may be sent
// again. It ends the calls of the rest.
func (l *link) toResend(err error) (elsewhere []request) {
	unanswered, begun := l.unanswered()
	for k, r := range unanswered {
		if k < begun {
			if r.retries == l.slot.client.cfg.Retry {
				r.flight.end(l.lossError(err))
				continue
			}
			r.retries++
		}
		elsewhere = append(elsewhere, r)
	}
	return elsewhere
}

// unanswered returns the requests on the link and how many of them, the first,
// were begun.
func (l *link) unanswered() (requests []request, begun int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k := l.answered; k < l.admitted; k++ {
		requests = append(requests, *l.at(k))
	}
	return requests, int(l.taken - l.answered)
}

func (l *link) lossError(err error) error {
	if l.slot.client.closed {
		return ErrClosed
	}
	return &ConnectionLost{Addr: l.slot.addr, Written: true, Err: err}
}
