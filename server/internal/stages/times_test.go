//go:build linux

package stages

import (
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"
)

// TestTimes: at any time, Times says for how long the thread has been in each state, the current one included.
func TestTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times, now, spent, in := new(Times), int64(0), [3]int64{}, working
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			passes := rapid.Int64Range(0, 1<<40).Draw(t, "passes")
			now += passes
			spent[in] += passes
			if _, polls, sleeps := times.At(func() int64 { return now }); polls != spent[polling] || sleeps != spent[asleep] {
				t.Fatalf("polled for %d and slept for %d, want %v", polls, sleeps, spent)
			}
			in = rapid.SampledFrom([]state{working, polling, asleep}).Draw(t, "state")
			[]func(int64){times.Work, times.Poll, times.Sleep}[in](now)
		}
	})
}

// TestTimesBack: a clock that goes back by a little takes no time away.
func TestTimesBack(t *testing.T) {
	times := new(Times)
	times.Poll(10)
	times.Work(20)
	times.Sleep(15)
	times.Work(30)
	if _, polls, sleeps := times.At(func() int64 { return 40 }); polls != 10 || sleeps != 10 {
		t.Errorf("polled for %d and slept for %d, want 10 and 10", polls, sleeps)
	}
}

// TestTimesReaders: others read while the thread goes from state to state. No time that they read is negative or shrinks.
func TestTimesReaders(t *testing.T) {
	const rounds, end = 100_000, 3 * 100_000
	times, done := new(Times), make(chan struct{})
	var now atomic.Int64
	var reader sync.WaitGroup
	reader.Go(func() {
		lastPolls, lastSleeps := int64(0), int64(0)
		for {
			_, polls, sleeps := times.At(now.Load)
			if polls < lastPolls || sleeps < lastSleeps {
				t.Errorf("polled for %d after %d, slept for %d after %d", polls, lastPolls, sleeps, lastSleeps)
			}
			lastPolls, lastSleeps = polls, sleeps
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for i := range int64(rounds) {
		for k, to := range []func(int64){times.Poll, times.Sleep, times.Work} {
			now.Store(3*i + int64(k))
			to(3*i + int64(k))
		}
	}
	close(done)
	reader.Wait()
	if _, polls, sleeps := times.At(func() int64 { return end }); polls != rounds || sleeps != rounds {
		t.Errorf("polled for %d and slept for %d, want %d", polls, sleeps, rounds)
	}
}
