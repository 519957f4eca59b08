//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// neighbour is a well-behaved client. It sends small pipelined requests at a steady pace, and
// compares each answer bit by bit with the only right one. When the daemon is killed, the
// neighbour connects again. After a fault of the daemon it ends.
type neighbour struct {
	fate    *fate
	source  rawtest.Source
	conduct conduct
	stream  atomic.Pointer[stream] // the current connection
	due     atomic.Int64           // how many requests of stream it has sent before SIGTERM

	mu    sync.Mutex
	waits *hdrhistogram.Histogram
	score score
}

// score counts what neighbours or newcomers found.
type score struct {
	verified, wrong, lost int
	faults                []string
}

func (s *score) add(more score) {
	s.verified += more.verified
	s.wrong += more.wrong
	s.lost += more.lost
	s.faults = append(s.faults, more.faults...)
}

// live runs the neighbour until the daemon ends, or until a fault.
func (n *neighbour) live() {
	next := 0 // request numbers go on over all its connections
	for nth := 0; ; nth++ {
		turn, ok := n.fate.awaitUp()
		if !ok {
			return
		}
		c, err := rawtest.Dial(n.fate.addr)
		if err == nil {
			s := newStream(c, n.source, n.fate, n.conduct, turn, next)
			s.waits = n.conduct != version1 && (n.source.Client+nth)%4 == 1
			n.stream.Store(s)
			err = s.run(n.took)
			next = s.next
			n.judge(s, err)
		} else if n.fate.survives(turn) {
			n.fault(0, 0, fmt.Sprintf("cannot connect: %v", err))
		}
		if n.fate.survives(turn) {
			return
		}
	}
}

// judge decides whether the end of a stream is a fault of the daemon. A wrong answer always
// is. A killed daemon can have no other fault. Any other daemon must have answered what is
// due, and closed only after SIGTERM and in order.
func (n *neighbour) judge(s *stream, err error) {
	if errors.Is(err, rawtest.ErrDiffer) {
		n.fault(1, 0, err.Error())
		return
	}
	if !n.fate.survives(s.turn) {
		return
	}
	ends, due := n.fate.ends.Load(), s.sent.Load()
	if ends && !s.endsItself() {
		due = n.due.Load()
	}
	lost := max(int(due-s.answered.Load()), 0)
	untold := ends && s.conduct != version1 && s.times == 0
	switch {
	case untold:
		n.fault(0, lost, fmt.Sprintf("it was not told that the daemon goes away; %s with %d requests unanswered: %v", ending(err), lost, err))
	case !ends || lost > 0 || !s.inOrder(err):
		n.fault(0, lost, fmt.Sprintf("%s with %d requests unanswered: %v", ending(err), lost, err))
	case s.conduct == stubborn && time.Since(n.fate.ended) < drainDeadline:
		n.fault(0, 0, "its connection was closed before the drain's deadline, though it had not half-closed")
	}
}

// endsItself reports whether the stream half-closes when the daemon goes away. The daemon must
// then answer all its requests.
func (s *stream) endsItself() bool { return s.conduct == obeys || s.conduct == late }

// inOrder reports whether a stream may end with err after SIGTERM.
func (s *stream) inOrder(err error) bool {
	switch s.conduct {
	case version1:
		return err == nil || errors.Is(err, io.EOF)
	case stubborn:
		return !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, errNotice)
	}
	return err == nil
}

// ending says in words how a stream ended.
func ending(err error) string {
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return "its connection was closed"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "its connection was closed within an answer"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "it timed out"
	case errors.Is(err, errNotice):
		return "it left"
	}
	return "its connection broke"
}

// served reports whether the daemon that is up has answered the neighbour.
func (n *neighbour) served() bool {
	s := n.stream.Load()
	return s != nil && n.fate.survives(s.turn) && s.answered.Load() > 0
}

// press leaves requests in flight. The daemon must answer all that have been sent.
func (n *neighbour) press() {
	if s := n.stream.Load(); s != nil {
		s.press()
		n.due.Store(s.sent.Load())
	}
}

// took counts an answer and its wait.
func (n *neighbour) took(wait time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.score.verified++
	addWait(n.waits, wait)
}

// takeWaits moves the waits since its last call to sum.
func (n *neighbour) takeWaits(sum *hdrhistogram.Histogram) {
	n.mu.Lock()
	defer n.mu.Unlock()
	sum.Merge(n.waits)
	n.waits.Reset()
}

func (n *neighbour) fault(wrong, lost int, what string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.score.wrong += wrong
	n.score.lost += lost
	n.score.faults = append(n.score.faults, fmt.Sprintf("neighbour %d: %s", n.source.Client, what))
}
