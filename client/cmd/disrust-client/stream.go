package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// inlineBytes is what the kernel buffers of any connection hold in both
// directions together: with no more in flight, a write cannot wait for a
// server that waits for us to read.
const inlineBytes = 64 << 10

// stream is one connection that holds a window of requests in flight. One
// goroutine reads, verifies and refills; when more is in flight than kernel
// buffers surely hold, a second one writes, because a server whose responses
// nobody reads may stop reading.
type stream struct {
	*load
	conn   net.Conn
	quota  int64    // requests to send in all
	writes chan int // runs of requests for the writing goroutine; nil when inline
	next   int      // request of the pattern to write next; the writer's

	sent, answered int64
	answering      int // request of the pattern whose response comes next
	received       int // bytes since the first of the pattern was answering
	answerEnd      int // received when that response is whole

	armed   time.Time // when the read deadline was set
	batches []batch   // ring of the sends not yet wholly answered; nil when latency is not wanted
	oldest  int       // in batches
	newest  int       // one past the last in batches
}

// batch is the requests of one send.
type batch struct {
	requests int
	at       time.Time
}

func newStream(l *load, conn net.Conn, quota int64) *stream {
	s := &stream{load: l, conn: conn, quota: quota}
	s.answerEnd = s.pattern.responseBytes(0)
	if l.window*s.pattern.maxBytes() > inlineBytes {
		s.writes = make(chan int, l.window)
	}
	if l.latencies != nil {
		s.batches = make([]batch, l.window)
	}
	return s
}

// run sends the quota, or until the load is stopped, and returns when all that
// was sent is answered rightly. It closes the connection.
func (s *stream) run() error {
	var writer sync.WaitGroup
	defer writer.Wait()
	defer s.conn.Close() // ends a write under way
	if s.writes != nil {
		writer.Go(s.writeRuns)
		defer close(s.writes)
	}
	buf := make([]byte, readBytes)
	now := time.Now()
	s.send(now, s.window)
	for s.answered < s.sent {
		s.arm(now)
		n, err := s.conn.Read(buf)
		now = time.Now()
		answered, wrong := s.verify(buf[:n])
		if wrong != nil {
			return wrong
		}
		if err != nil {
			return s.ended(err)
		}
		s.record(now, answered)
		s.send(now, answered)
	}
	return nil
}

// arm moves the read deadline ahead, now and then, because each move has a
// price: a silent server is given up after one to one and a half stalls.
func (s *stream) arm(now time.Time) {
	if now.Sub(s.armed) > s.stall/2 {
		s.armed = now
		s.conn.SetReadDeadline(now.Add(s.stall + s.stall/2))
	}
}

// send sends up to so many requests. A write that fails is not reported: what
// was answered before it is still to be read, and then the read fails too.
func (s *stream) send(now time.Time, requests int) {
	requests = int(min(int64(requests), s.quota-s.sent))
	if requests == 0 || s.stopped.Load() {
		return
	}
	s.sent += int64(requests)
	if s.batches != nil {
		s.batches[s.newest] = batch{requests, now}
		s.newest = (s.newest + 1) % len(s.batches)
	}
	if s.writes != nil {
		s.writes <- requests // as long as the window: never blocks
	} else {
		s.write(requests)
	}
}

func (s *stream) writeRuns() {
	for requests := range s.writes {
		s.write(requests)
	}
}

func (s *stream) write(requests int) {
	for requests > 0 {
		n := min(requests, len(s.pattern.counts))
		s.conn.Write(s.pattern.run(s.next, n))
		s.next = (s.next + n) % len(s.pattern.counts)
		requests -= n
	}
}

// verify compares what arrived with what must, and returns how many responses
// became whole.
func (s *stream) verify(b []byte) (answered int, err error) {
	want := s.pattern.responses[s.received:]
	if want = want[:len(b)]; !bytes.Equal(b, want) {
		return 0, s.wrong(b, want)
	}
	s.received += len(b)
	for s.answerEnd <= s.received {
		answered++
		s.advance()
	}
	s.answered += int64(answered)
	begun := s.received > s.answerEnd-s.pattern.responseBytes(s.answering)
	if s.answered > s.sent || s.answered == s.sent && begun {
		return 0, s.tooMuch()
	}
	return answered, nil
}

// advance turns to the next response of the pattern, and at its end begins it
// anew.
func (s *stream) advance() {
	if s.answering++; s.answering == len(s.pattern.counts) {
		s.answering = 0
		s.received -= s.pattern.cycleBytes
		s.answerEnd = 0
	}
	s.answerEnd += s.pattern.responseBytes(s.answering)
}

// wrong says which response differs first.
func (s *stream) wrong(got, want []byte) error {
	differs := 0
	for got[differs] == want[differs] {
		differs++
	}
	number, i, end := s.answered+1, s.answering, s.answerEnd
	for end <= s.received+differs {
		number, i = number+1, (i+1)%len(s.pattern.counts)
		end += s.pattern.responseBytes(i)
	}
	if number > s.sent {
		return s.tooMuch()
	}
	at := s.received + differs - (end - s.pattern.responseBytes(i))
	return fmt.Errorf("answered wrongly: byte %d of response %d is %#02x, not %#02x", at, number, got[differs], want[differs])
}

func (s *stream) tooMuch() error {
	return fmt.Errorf("answered wrongly: more came than the responses to %s", counted(s.sent, "request"))
}

// ended says why a read failed.
func (s *stream) ended(err error) error {
	of := fmt.Sprintf("%d of %s", s.answered, counted(s.sent, "response"))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no answer for %v after %s", s.stall, of)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("closed after %s", of)
	}
	return fmt.Errorf("closed after %s: %w", of, err)
}

// record accounts so many responses to the oldest sends.
func (s *stream) record(now time.Time, answered int) {
	if s.batches == nil || answered == 0 {
		return
	}
	s.latencies.mu.Lock()
	defer s.latencies.mu.Unlock()
	for answered > 0 {
		b := &s.batches[s.oldest]
		n := min(answered, b.requests)
		s.latencies.add(now.Sub(b.at), n)
		answered -= n
		if b.requests -= n; b.requests == 0 {
			s.oldest = (s.oldest + 1) % len(s.batches)
		}
	}
}
