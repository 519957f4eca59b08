//go:build linux

package main

import (
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

// stream is one connection of a neighbour. It sends requests at a steady pace, whatever comes
// back, so that a slow answer does not shift the clock of a later request.
//
// One goroutine sends and another receives. inFlight passes requests from the sender to the
// receiver.
type stream struct {
	*rawtest.Client
	source   rawtest.Source
	patience time.Duration
	turn     int64 // of the daemon that it is connected to
	next     int   // number of the next request; only the sender uses it
	out      []byte
	inFlight chan request
	sent     atomic.Int64         // requests that the kernel has taken whole
	answered atomic.Int64         // requests that were answered rightly
	extra    chan chan<- struct{} // asks the sender for lastBurst requests
	ended    chan struct{}        // closed when the receiver has ended
}

func newStream(c *rawtest.Client, source rawtest.Source, patience time.Duration, turn int64, next int) *stream {
	return &stream{
		Client: c, source: source, patience: patience, turn: turn, next: next,
		inFlight: make(chan request, maxInFlight),
		extra:    make(chan chan<- struct{}),
		ended:    make(chan struct{}),
	}
}

// run sends and verifies until the connection ends. It closes the connection and returns how
// it ended. took gets the wait of each answer.
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
			return // receive returns the cause
		}
	}
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
