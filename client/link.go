package client

import (
	"io"
	"net"
	"sync"
	"time"

	"github.com/disrust/disrust/wire"
)

// link is one connection and the requests on it.
//
// Ownership: only the send loop writes to the connection and uses out. Only the
// receive loop reads from the connection and uses ended, failed, inAnswer and denied. mu
// guards the rest. The elements of ring are also written under mu. The send loop reads
// the elements from taken to admitted without mu, because only the send loop changes
// them.
type link struct {
	slot   *slot
	conn   net.Conn
	server Server      // what it says of itself; only the receive loop changes it
	format wire.Format // of requests and answers
	since  time.Time   // when the connection was made

	mu       sync.Mutex
	sendable sync.Cond // a request was admitted, or err was set

	// Requests are numbered in the order of admission. Request k is in
	// ring[k % window] until it is answered. A request below taken is in a write or
	// has been written. When a write ends early, taken falls back to the first
	// request that the write did not begin.
	//
	// Invariant: answered <= taken <= admitted <= answered + window.
	ring                      []request
	admitted, taken, answered uint64

	vectors     int   // vectors of all requests on the link
	writing     bool  // a write is being gathered or in progress
	interrupted bool  // that write was interrupted by its deadline
	leaving     bool  // the server is going away: the link admits no more requests
	detached    bool  // the link is no longer its slot's
	err         error // why the link admits no more requests

	out      outgoing
	ended    []*flight
	failed   []failure // the flights that ended by a failed request, and their errors
	inAnswer bool      // the receive loop ended within an answer
	denied   bool      // it ended because the server does not allow the oldest request
}

// failure is the error of a request that the server has failed.
type failure struct {
	flight *flight
	err    error
}

// newLink returns a link over conn to a server that has sent the welcome w.
func newLink(s *slot, conn net.Conn, w wire.Welcome) *link {
	cfg := &s.client.cfg
	l := &link{slot: s, conn: conn, format: w.Format, since: time.Now(), ring: make([]request, cfg.Window)}
	if cfg.MaxVectors > 0 {
		l.format.MaxVectors = cfg.MaxVectors
	}
	l.server = Server{
		Addr: s.addr, Dim: w.Format.Dim, Outputs: w.Format.Outputs, MaxVectors: w.Format.MaxVectors,
		Kind: w.Kind, Identity: w.Identity, ModelName: w.Model,
	}
	l.sendable.L = &l.mu
	return l
}

// run sends and receives until the connection is lost, and returns why.
func (l *link) run() error {
	var sender sync.WaitGroup
	sender.Go(l.send)
	err := l.receive()
	l.sever(err)
	sender.Wait()
	return err
}

func (l *link) at(k uint64) *request { return &l.ring[k%uint64(len(l.ring))] }

// admit queues r for the send loop. It returns false if the window is full or the
// connection is lost.
func (l *link) admit(r request) bool {
	l.mu.Lock()
	if l.err != nil || l.leaving || l.full() {
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

// full reports whether the window is full. mu is held.
func (l *link) full() bool { return l.admitted-l.answered == uint64(len(l.ring)) }

// publishLoad stores the load of the link, or noRoom, for leastLoaded. mu is held.
func (l *link) publishLoad() {
	if l.detached {
		return
	}
	load := int64(l.vectors)
	if l.err != nil || l.leaving || l.full() {
		load = noRoom
	}
	l.slot.load.Store(load)
}

// interrupt ends the write in progress, if any. That write then reads no more rows,
// and the send loop gathers the requests that it had not begun anew.
func (l *link) interrupt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.interruptLocked()
}

// interruptLocked is interrupt. mu is held.
func (l *link) interruptLocked() {
	if l.writing && !l.interrupted {
		l.interrupted = true
		l.conn.SetWriteDeadline(time.Unix(1, 0))
	}
}

// refuse stops the admission of requests for the reason err; only the first reason
// counts.
func (l *link) refuse(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
		l.publishLoad()
		l.sendable.Signal()
	}
}

// sever closes the connection, which ends both loops.
func (l *link) sever(err error) {
	l.refuse(err)
	l.conn.Close()
}

// busy reports whether the call of some request on the link has not ended.
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

// endedInOrder reports whether the server closed the connection between two answers.
// In version 1 that is in order only if no request was on the connection: the server may
// have scored those that were. Both loops have ended with err.
func (l *link) endedInOrder(err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return err == io.EOF && !l.inAnswer && (l.slot.client.cfg.Version > 1 || l.answered == l.admitted)
}

// toResend returns the requests to send over another connection, after both loops
// have ended with err: the requests not begun, and those that were begun and may be
// sent again. It ends the calls of all others, and of a request that the server has
// denied, because another attempt would end in the same way.
func (l *link) toResend(err error, inOrder bool) (elsewhere []request) {
	unanswered, begun := l.unanswered()
	for k, r := range unanswered {
		denied := l.denied && k == 0
		if k < begun && (denied || !r.countAgain(&l.slot.client.cfg, inOrder)) {
			r.flight.end(l.lossError(err))
			continue
		}
		elsewhere = append(elsewhere, r)
	}
	return elsewhere
}

// unanswered returns the requests on the link. The first begun of them were written,
// at least in part.
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
