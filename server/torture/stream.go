//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/disrust/disrust/server/internal/rawtest"
)

const (
	// A neighbour sends burst requests together every pace: 200 per second.
	burst = 4
	pace  = 20 * time.Millisecond

	// lastBurst is how many requests each neighbour has in flight at SIGTERM. They are so few
	// that the daemon's kernel has all of them once they are sent. After them a burst follows
	// every lastPace, so that the neighbour notices the end of its connection at once.
	lastBurst = 32
	lastPace  = time.Millisecond

	// lateBursts is how many more bursts a neighbour that is late to obey sends after it has
	// heard that the daemon goes away.
	lateBursts = 10

	// maxInFlight is how many requests a sender may be ahead of its answers.
	maxInFlight = 4096
)

// vectors returns the number of vectors in request seq.
func vectors(seq int) int { return 1 + seq%3 }

// request is a request in flight.
type request struct {
	seq int
	at  time.Time // just before it was sent
}

// conduct says which version of the protocol a neighbour speaks. In version 2 it also says what
// the neighbour does once it has been told that the daemon goes away.
type conduct int

const (
	version1 conduct = iota // it is not told, and sends until the daemon ends the connection
	obeys                   // it half-closes after the burst in hand
	late                    // it half-closes after lateBursts more
	stubborn                // it sends until the daemon ends the connection, at the drain's deadline
)

// errNotice says that a notice came that the daemon may not send, or not now.
var errNotice = errors.New("a notice out of place")

// stream is one connection of a neighbour. It sends requests at a steady pace, whatever comes
// back, so that a slow answer does not shift the clock of a later request.
//
// One goroutine sends and another receives. inFlight passes requests from the sender to the
// receiver.
type stream struct {
	*rawtest.Client
	source   rawtest.Source
	fate     *fate
	conduct  conduct
	turn     int64 // of the daemon that it is connected to
	next     int   // number of the next request; only the sender uses it
	out      []byte
	inFlight chan request
	sent     atomic.Int64         // requests that the kernel has taken whole
	answered atomic.Int64         // requests that were answered rightly
	extra    chan chan<- struct{} // asks the sender for lastBurst requests
	ended    chan struct{}        // closed when the receiver has ended

	hello []byte        // still to be sent, with the first requests
	waits bool          // for the welcome, before it sends a request
	owed  bool          // the welcome has not come; only the receiver uses it
	told  chan struct{} // closed when a notice says that the daemon goes away
	times int           // how often it said so; only the receiver uses it
}

// newStream returns the stream of a connection that has sent nothing yet.
func newStream(c *rawtest.Client, source rawtest.Source, f *fate, how conduct, turn int64, next int) *stream {
	s := &stream{
		Client: c, source: source, fate: f, conduct: how, turn: turn, next: next,
		inFlight: make(chan request, maxInFlight),
		extra:    make(chan chan<- struct{}),
		ended:    make(chan struct{}),
		told:     make(chan struct{}),
	}
	if how != version1 {
		random := rand.New(rand.NewPCG(uint64(source.Client), uint64(next)))
		s.hello, s.owed = politeHello(random).bytes(), true
	}
	return s
}

// run sends and verifies until the connection ends. It closes the connection and returns how
// it ended. took gets the wait of each answer.
func (s *stream) run(took func(time.Duration)) (err error) {
	done := make(chan struct{})
	if s.waits {
		err = errors.Join(s.sendBurst(0), s.expectWelcome())
	}
	go func() {
		defer close(done)
		s.send()
	}()
	if err == nil {
		err = s.receive(took)
	}
	close(s.ended)
	s.Close()
	<-done
	return err
}

// send sends until the stream ends, or half-closes it as its conduct says.
func (s *stream) send() {
	defer close(s.inFlight)
	tick := time.NewTicker(pace)
	defer tick.Stop()
	told, left := s.told, -1 // left counts the bursts until it half-closes; below 0 it does not
	for left != 0 {
		var err error
		select {
		case <-tick.C:
			err = s.sendBurst(burst)
			left--
		case sent := <-s.extra:
			err = s.sendBurst(lastBurst)
			close(sent)
			tick.Reset(lastPace)
		case <-told:
			told = nil
			switch s.conduct {
			case obeys:
				left = 0
			case late:
				left = lateBursts
			case stubborn:
				tick.Reset(pace)
			}
		case <-s.ended:
			return
		}
		if err != nil {
			return // receive returns the cause
		}
	}
	s.CloseWrite() // if this fails, receive returns the cause
}

// press sends lastBurst requests at once. It returns when they are sent or the stream has
// ended.
func (s *stream) press() {
	sent := make(chan struct{})
	select {
	case s.extra <- sent:
		<-sent
	case <-s.ended:
	}
}

func (s *stream) sendBurst(count int) error {
	s.out, s.hello = append(s.out[:0], s.hello...), nil
	for i := range count {
		s.out = s.source.AppendRequest(s.out, s.next+i, vectors(s.next+i))
	}
	now := time.Now()
	for range count {
		select {
		case s.inFlight <- request{s.next, now}:
			s.next++
		case <-s.ended:
			return nil
		}
	}
	if err := s.Send(s.out); err != nil {
		return err
	}
	s.sent.Add(int64(count))
	return nil
}

func (s *stream) receive(took func(time.Duration)) error {
	if s.owed {
		if err := s.expectWelcome(); err != nil {
			return err
		}
	}
	var want []byte
	for r := range s.inFlight {
		want = s.source.AppendAnswer(want[:0], r.seq, vectors(r.seq))
		if err := s.expect(want); err != nil {
			return err
		}
		took(time.Since(r.at))
		s.answered.Add(1)
	}
	if s.conduct == obeys && s.times == 0 { // a newcomer's notice may come last
		if err := s.expectNotice(); err != nil {
			return err
		}
	}
	return s.ExpectEOF()
}

func (s *stream) expectWelcome() error {
	s.owed = false
	return errors.Join(s.Allow(s.fate.patience), expectWelcome(s.Client, welcomed))
}

// expect expects an answer. In version 2 notices may come before it.
func (s *stream) expect(want []byte) error {
	if err := s.Allow(s.fate.patience); err != nil {
		return err
	}
	if s.conduct == version1 {
		return s.Expect(want)
	}
	head := make([]byte, noticeBytes) // no answer is shorter
	err := s.Receive(head)
	for err == nil && binary.LittleEndian.Uint32(head)&noticeBits == noticeBits {
		if err = s.takeNotice(head); err == nil {
			err = s.Receive(head)
		}
	}
	if err == nil {
		err = rawtest.Compare(head, want[:len(head)])
	}
	if err != nil {
		return err
	}
	return s.Expect(want[len(head):])
}

// expectNotice expects a notice and no answer.
func (s *stream) expectNotice() error {
	head := make([]byte, noticeBytes)
	if err := s.Receive(head); err != nil {
		return err
	}
	return s.takeNotice(head)
}

// takeNotice accepts the one notice that a daemon sends: once, after SIGTERM, it says that it
// goes away.
func (s *stream) takeNotice(n []byte) error {
	if s.times++; s.times > 1 || !s.fate.ends.Load() || !bytes.Equal(n, rawtest.GoingAway()) {
		return fmt.Errorf("%w: % x", errNotice, n)
	}
	close(s.told)
	return nil
}
