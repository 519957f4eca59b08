package client

import (
	"errors"
	"os"
	"time"

	"github.com/disrust/disrust/wire"
)

// receiveBytes is one read at most: some 8,000 small responses.
const receiveBytes = 64 << 10

// receive is the loop that reads. It returns why the connection is of no more
// use.
func (l *link) receive() error {
	cfg := &l.slot.client.cfg
	buf := make([]byte, max(receiveBytes, wire.ResponseBytes(cfg.MaxVectors)))
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
			return readErr
		}
		held = copy(buf, buf[used:held+n])
	}
}

// deliver hands out the whole responses at the start of b and returns their
// size. The error, if any, is a *ProtocolError.
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
	l.mu.Unlock()
	if used > 0 {
		l.slot.client.roomFreed()
	}
	for _, f := range l.ended {
		f.finish()
	}
	clear(l.ended)
	l.ended = l.ended[:0]
	return used, err
}

// deliverOne hands out the response at the start of b; used is 0 when it is
// not whole. mu is held. Calls that end are noted, to be told later: their
// callers are sure to want mu.
func (l *link) deliverOne(b []byte) (used int, err error) {
	frame := l.slot.client.format.ParseResponse(b)
	if frame.Status == wire.Incomplete && frame.Vectors == 0 {
		return 0, nil
	}
	if l.answered == l.taken {
		return 0, &ProtocolError{Got: frame.Vectors}
	}
	oldest := l.at(l.answered)
	if frame.Status == wire.Invalid || frame.Vectors != oldest.vectors {
		return 0, &ProtocolError{Got: frame.Vectors, Want: oldest.vectors}
	}
	if frame.Status == wire.Incomplete {
		return 0, nil
	}
	if oldest.flight.answer(oldest.at, b[wire.HeaderBytes:frame.Bytes]) {
		l.ended = append(l.ended, oldest.flight)
	}
	l.vectors -= oldest.vectors
	*oldest = request{}
	l.answered++
	return frame.Bytes, nil
}

// quarters is how finely silence is measured.
const quarters = 4

// silence measures how long a link with requests in flight has received
// nothing. It costs the reads nothing: the read deadline is moved only when it
// has passed.
type silence struct {
	link      *link
	quarter   time.Duration
	deadlines int // deadlines passed in silence, the first perhaps just begun
}

func (s *silence) watch() { s.link.conn.SetReadDeadline(time.Now().Add(s.quarter)) }

func (s *silence) reset() { s.deadlines = 0 }

// grown is called when a read deadline has passed. It returns ErrStalled when
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

// awaiting reports whether answers are due, or the end of a connection that
// could not be written to.
func (l *link) awaiting() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answered < l.taken || l.err != nil
}
