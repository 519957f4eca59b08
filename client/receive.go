package client

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/disrust/disrust/wire"
)

// receiveBytes is the most that one read takes, unless a response or a notice is larger:
// about 8,000 responses of one score.
const receiveBytes = 64 << 10

// receive is the loop that reads. It returns the error that ended the connection.
func (l *link) receive() error {
	cfg := &l.slot.client.cfg
	buf := make([]byte, max(receiveBytes, wire.MaxNoticeBytes, l.format.ResponseBytes(l.format.MaxVectors)))
	held := 0 // bytes of an incomplete response at the start of buf
	silence := silence{link: l, quarter: max(cfg.StallTimeout/quarters, 1)}
	silence.watch()
	for {
		n, readErr := l.conn.Read(buf[held:])
		used, err := l.deliver(buf[:held+n])
		if err != nil {
			return err
		}
		if n > 0 {
			silence.reset()
		}
		if errors.Is(readErr, os.ErrDeadlineExceeded) {
			readErr = silence.deadlinePassed()
		}
		if readErr != nil {
			l.inAnswer = used < held+n
			return readErr
		}
		held = copy(buf, buf[used:held+n])
	}
}

// deliver gives the complete responses at the start of b to their calls, takes in the
// notices between them, and returns the size of all in bytes. The error, if any, is a
// *ProtocolError.
func (l *link) deliver(b []byte) (used int, err error) {
	l.mu.Lock()
	for err == nil {
		var bytes int
		if bytes, err = l.deliverOne(b[used:]); bytes == 0 {
			break
		}
		used += bytes
	}
	l.publishLoad()
	leaves := l.leaving && !l.detached
	l.mu.Unlock()
	if leaves {
		l.slot.client.leave(l)
	}
	if used > 0 {
		l.slot.client.roomFreed()
	}
	l.endFlights()
	return used, err
}

// endFlights tells the callers of the flights that deliver has ended.
func (l *link) endFlights() {
	for _, f := range l.ended {
		f.finish()
	}
	clear(l.ended)
	l.ended = l.ended[:0]
	for _, f := range l.failed {
		f.flight.end(f.err)
	}
	clear(l.failed)
	l.failed = l.failed[:0]
}

// deliverOne gives the response at the start of b to its call, or takes in a notice. used
// is 0 if it is not complete. mu is held. The flights that end are collected in l.ended
// and l.failed, and deliver finishes them after it has unlocked mu, because their callers
// will lock mu soon.
func (l *link) deliverOne(b []byte) (used int, err error) {
	reply := l.parse(b)
	if reply.Kind == wire.Notice {
		return l.notice(reply, b)
	}
	if reply.Status == wire.Incomplete && reply.Vectors == 0 {
		return 0, nil
	}
	if reply.Kind == wire.Failure && reply.Code == wire.CountDenied {
		l.denied = true
		return 0, &ProtocolError{Reply: fmt.Sprintf("the server allows no request of %d vectors", reply.Detail)}
	}
	if l.answered == l.taken {
		return 0, unasked(reply)
	}
	oldest := l.at(l.answered)
	if reply.Kind == wire.Failure {
		l.failed = append(l.failed, failure{oldest.flight, oldest.failed(reply, l.slot.addr)})
		l.retire(oldest)
		return reply.Bytes, nil
	}
	if reply.Status == wire.Invalid || reply.Vectors != oldest.vectors {
		return 0, &ProtocolError{Got: reply.Vectors, Want: oldest.vectors}
	}
	if reply.Status == wire.Incomplete {
		return 0, nil
	}
	if oldest.flight.answer(oldest.at*l.format.Outputs, reply.Payload(b)) {
		l.ended = append(l.ended, oldest.flight)
	}
	l.retire(oldest)
	return reply.Bytes, nil
}

// retire removes the oldest request, which the server has answered. mu is held.
func (l *link) retire(oldest *request) {
	l.vectors -= oldest.vectors
	*oldest = request{}
	l.answered++
}

// parse describes what b begins with.
func (l *link) parse(b []byte) wire.Reply {
	if l.slot.client.cfg.Version == 1 {
		return wire.Reply{Frame: l.format.ParseResponse(b)}
	}
	return l.format.ParseReply(b)
}

func unasked(r wire.Reply) *ProtocolError {
	if r.Kind == wire.Failure {
		return &ProtocolError{Reply: "failure without a request"}
	}
	return &ProtocolError{Got: r.Vectors}
}

// failed returns the error of a request that the server at addr has failed.
func (r *request) failed(f wire.Reply, addr string) *ModelFailed {
	err := &ModelFailed{Addr: addr, Code: f.Code, Row: -1}
	known := f.Code == wire.ModelError || f.Code == wire.ModelPanic
	if known && uint64(f.Detail) < uint64(r.vectors) {
		err.Row = r.at + int(f.Detail)
	}
	return err
}

// notice takes in the notice that b begins with. It skips a notice of unknown type. mu is
// held.
func (l *link) notice(n wire.Reply, b []byte) (used int, err error) {
	switch {
	case n.Status == wire.Incomplete:
		return 0, nil
	case n.Status == wire.Invalid:
		return 0, &ProtocolError{Reply: fmt.Sprintf("notice of type %d with a size that is not allowed", n.Code)}
	case n.Code == wire.GoingAway:
		l.goAway()
	case n.Code == wire.AnotherModel:
		l.server.Identity = wire.Identity(n.Notice(b))
		l.publishServer()
	}
	return n.Bytes, nil
}

// goAway stops the admission of requests, because the server is going away. It interrupts
// the write in progress, so that the requests that the write has not begun move to other
// connections at once. mu is held.
func (l *link) goAway() {
	l.leaving = true
	if interruptible {
		l.interruptLocked()
	}
	l.sendable.Signal()
}

// publishServer stores what the server says of itself for Servers, unless a later
// connection may have done so.
func (l *link) publishServer() {
	if !l.leaving {
		server := l.server
		l.slot.server.Store(&server)
	}
}

// quarters is how many read deadlines make up one StallTimeout.
const quarters = 4

// silence measures how long a link with requests in flight has received nothing. It
// does not slow reads down: it sets a new read deadline only when the last one has
// passed.
type silence struct {
	link      *link
	quarter   time.Duration
	deadlines int // how many passed in silence; before the first, data may have arrived
}

func (s *silence) watch() { s.link.conn.SetReadDeadline(time.Now().Add(s.quarter)) }

func (s *silence) reset() { s.deadlines = 0 }

// deadlinePassed is called when a read deadline has passed. It returns ErrStalled if
// the silence has lasted too long.
func (s *silence) deadlinePassed() error {
	s.deadlines++
	if !s.link.awaiting() {
		s.deadlines = 0
	}
	if s.deadlines > quarters {
		return ErrStalled
	}
	s.watch()
	return nil
}

// awaiting reports whether the link must hear from the server: it waits for answers, or for
// the end of the connection, because the server is going away or a write has failed.
func (l *link) awaiting() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answered < l.taken || l.leaving || l.err != nil
}
