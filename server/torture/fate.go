//go:build linux

package main

import (
	"sync/atomic"
	"time"
)

// fate says what happens to the daemon, so that its neighbours know what they may expect.
// The round writes it before it acts; the neighbours read it.
type fate struct {
	addr     string
	patience time.Duration
	turns    atomic.Int64 // even while a daemon is up; odd from before a kill until the next daemon is ready
	ends     atomic.Bool  // the round sends SIGTERM, or will start no more daemons
	ended    time.Time    // when ends became true
}

// end notes that the round is about to send SIGTERM, or will start no more daemons.
func (f *fate) end() {
	if !f.ends.Load() { // else neighbours may read ended now
		f.ended = time.Now()
		f.ends.Store(true)
	}
}

// killed notes that the round is about to kill the daemon.
func (f *fate) killed() { f.turns.Add(1) }

// revived notes that the next daemon is ready.
func (f *fate) revived() { f.turns.Add(1) }

// over notes that the round kills the daemon for good, because of a fault that it has
// recorded.
func (f *fate) over() {
	f.end()
	f.killed()
}

// awaitUp waits until a daemon is up and returns its turn. It returns ok == false if no
// daemon will be up again.
func (f *fate) awaitUp() (turn int64, ok bool) {
	for !f.ends.Load() {
		if turn = f.turns.Load(); turn%2 == 0 {
			return turn, true
		}
		<-time.After(time.Millisecond)
	}
	return 0, false
}

// survives reports whether the daemon of that turn is still up, and so owes answers.
func (f *fate) survives(turn int64) bool { return f.turns.Load() == turn }
