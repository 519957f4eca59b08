//go:build linux

package main

import (
	"sync/atomic"
	"time"
)

// fate is what happens to the daemon, so that its neighbours know what they
// may expect. The round writes it before it acts, the neighbours read it.
type fate struct {
	addr     string
	patience time.Duration
	turns    atomic.Int64 // even while the daemon is up, odd from before a kill until the next is ready
	ends     atomic.Bool  // SIGTERM is sent, or no daemon will be up again
}

// killed notes that the daemon is about to be killed.
func (f *fate) killed() { f.turns.Add(1) }

// revived notes that the next daemon is ready.
func (f *fate) revived() { f.turns.Add(1) }

// over notes that the round ends the daemon, for a fault that is noted.
func (f *fate) over() {
	f.ends.Store(true)
	f.killed()
}

// awaitUp returns the number of the daemon that is up, or ok == false when
// none will be.
func (f *fate) awaitUp() (turn int64, ok bool) {
	for !f.ends.Load() {
		if turn = f.turns.Load(); turn%2 == 0 {
			return turn, true
		}
		<-time.After(time.Millisecond)
	}
	return 0, false
}

// survives reports whether the daemon of that number is still to answer.
func (f *fate) survives(turn int64) bool { return f.turns.Load() == turn }
