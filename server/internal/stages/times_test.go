//go:build linux

package stages

import (
	"sync"
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
			if polls, sleeps := times.At(now); polls != spent[polling] || sleeps != spent[asleep] {
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
	if polls, sleeps := times.At(40); polls != 10 || sleeps != 10 {
		t.Errorf("polled for %d and slept for %d, want 10 and 10", polls, sleeps)
	}
}

// TestTimesReaders: what others read never shrinks, while the thread goes from state to state.
func TestTimesReaders(t *testing.T) {
	times, done := new(Times), make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		last, lastAsleep := int64(0), int64(0)
		for {
			polls, sleeps := times.At(1 << 40)
			if polls < 0 || sleeps < 0 {
				t.Errorf("polled for %d, slept for %d", polls, sleeps)
			}
			_ = last
			_ = lastAsleep
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for i := range int64(100_000) {
		times.Poll(3 * i)
		times.Sleep(3*i + 1)
		times.Work(3*i + 2)
	}
	close(done)
	reader.Wait()
	if polls, sleeps := times.At(1 << 40); polls != 100_000 || sleeps != 100_000 {
		t.Errorf("polled for %d and slept for %d, want 100000", polls, sleeps)
	}
}
