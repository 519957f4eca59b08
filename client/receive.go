package client

import (
	"errors"
	"os"
	"time"

	"github.com/disrust/disrust/wire"
)

// receiveBytes is the most that one read takes: about 8,000 responses of one score.
const receiveBytes = 64 << 10

// receive is the loop that reads. It returns the error that ended the connection.
func (l *link) receive() error {
	cfg := &l.slot.client.cfg
	buf := make([]byte, max(receiveBytes, cfg.format().ResponseBytes(cfg.MaxVectors)))
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

// deliver gives the complete responses at the start of b to their calls and returns
// their size in bytes. The error, if any, is a *ProtocolError.
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

// deliverOne gives the response at the start of b to its call. used is 0 if the
// response is not complete. mu is held. The flights that end are collected in
// l.ended, and deliver finishes them after it has unlocked mu, because their callers
// will lock mu soon.
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

// awaiting reports whether the link must hear from the server: it waits for answers,
// or a write has failed and it waits for the end of the connection.
func (l *link) awaiting() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answered < l.taken || l.err != nil
}
