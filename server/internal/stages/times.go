//go:build linux

package stages

import "sync/atomic"

// Times says for how long a thread has polled and slept. The thread calls Poll, Sleep and Work when it begins
// to do so, and pays for a change only. The zero value is a thread that works.
type Times struct {
	state   state
	since   int64 // when it began
	polling span
	asleep  span
	_       [64]byte
}

type state uint8

const (
	working state = iota
	polling
	asleep
)

// span is a time that grows while its lowest bit is set. Then the word is twice what the clock has to be
// added to; else it is twice the time. So others read both at once.
type span struct{ word atomic.Int64 }

func (s *span) begin(now int64) { s.word.Store((s.word.Load()>>1-now)<<1 | 1) }
func (s *span) end(now int64)   { s.word.Store((s.word.Load()>>1 + now) << 1) }

// at returns the time as of now, which word says.
func at(word, now int64) int64 {
	if word&1 == 0 {
		return word >> 1
	}
	return word>>1 + now
}

// Poll says that the thread polls from now on.
func (t *Times) Poll(now int64) { t.to(polling, now) }

// Sleep says that the thread sleeps from now on.
func (t *Times) Sleep(now int64) { t.to(asleep, now) }

// Work says that the thread works from now on.
func (t *Times) Work(now int64) { t.to(working, now) }

func (t *Times) to(next state, now int64) {
	if next == t.state {
		return
	}
	now = max(now, t.since)
	switch t.state {
	case polling:
		t.polling.end(now)
	case asleep:
		t.asleep.end(now)
	}
	switch t.state, t.since = next, now; next {
	case polling:
		t.polling.begin(now)
	case asleep:
		t.asleep.begin(now)
	}
}

// At reads the clock, and returns for how long the thread has polled and slept until then. Any goroutine may call it.
func (t *Times) At(clock func() int64) (now, polling, asleep int64) {
	for {
		polls, sleeps := t.polling.word.Load(), t.asleep.word.Load()
		now = clock()
		if polls == t.polling.word.Load() && sleeps == t.asleep.word.Load() { // else this goroutine was late
			return now, at(polls, now), at(sleeps, now)
		}
	}
}
