//go:build linux

package main

import (
	"sync/atomic"
	"time"

	"github.com/disrust/disrust/server/internal/rawtest"
)

const (
	// A neighbour sends burst requests together every pace: 200 a second.
	burst = 4
	pace  = 20 * time.Millisecond

	// lastBurst is what each has in flight at SIGTERM, little enough that all
	// of it is with the daemon's kernel when it is sent. A burst every lastPace
	// follows, so that the end of the stream is seen at once.
	lastBurst = 32
	lastPace  = time.Millisecond

	// mostInFlight is what a sender runs ahead of its answers.
	mostInFlight = 4096
)

// vectors is the size of request seq.
func vectors(seq int) int { return 1 + seq%3 }

// request is one that is in flight.
type request struct {
	seq int
	at  time.Time // just before it was sent
}

// stream is one connection of a neighbour. Requests leave at a steady pace
// whatever comes back, so that a wait delays no later request's clock.
//
// One goroutine sends, one receives; inFlight passes requests from the former
// to the latter.
type stream struct {
	*rawtest.Client
	source   rawtest.Source
	patience time.Duration
	turn     int64 // the daemon it is with
	next     int   // number of the next request; the sender's
	out      []byte
	inFlight chan request
	sent     atomic.Int64 // requests whole with the kernel
	answered atomic.Int64 // rightly
	extra    chan chan<- struct{}
	ended    chan struct{} // no more answers are read
}

func newStream(c *rawtest.Client, source rawtest.Source, patience time.Duration, turn int64, next int) *stream {
	return &stream{
		Client: c, source: source, patience: patience, turn: turn, next: next,
		inFlight: make(chan request, mostInFlight),
		extra:    make(chan chan<- struct{}),
		ended:    make(chan struct{}),
	}
}

// run sends and verifies until the connection ends, closes it, and returns how
// it ended. took gets the wait for each answer.
func (s *stream) run(took func(time.Duration)) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.send()
	}()
	err := s.receive(took)
	close(s.ended)
	s.Close()
	<-done
	return err
}

func (s *stream) send() {
	defer close(s.inFlight)
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-tick.C:
			err = s.sendBurst(burst)
		case sent := <-s.extra:
			err = s.sendBurst(lastBurst)
			close(sent)
			tick.Reset(lastPace)
		case <-s.ended:
			return
		}
		if err != nil {
			return // receive learns why
		}
	}
}

// press sends lastBurst requests at once, and returns when they are sent, or
// when the stream has ended.
func (s *stream) press() {
	sent := make(chan struct{})
	select {
	case s.extra <- sent:
		<-sent
	case <-s.ended:
	}
}

func (s *stream) sendBurst(count int) error {
	s.out = s.out[:0]
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
	var want []byte
	for r := range s.inFlight {
		want = s.source.AppendAnswer(want[:0], r.seq, vectors(r.seq))
		if err := s.Allow(s.patience); err != nil {
			return err
		}
		if err := s.Expect(want); err != nil {
			return err
		}
		took(time.Since(r.at))
		s.answered.Add(1)
	}
	return s.ExpectEOF()
}
