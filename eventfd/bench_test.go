//go:build linux

package eventfd_test

import (
	"sync"
	"sync/atomic"
	"testing"
)

// BenchmarkSignal measures a Signal while no thread sleeps.
func BenchmarkSignal(b *testing.B) {
	e := newEventFD(b)
	b.ReportAllocs()
	for b.Loop() {
		signal(b, e)
	}
}

func BenchmarkSignalRead(b *testing.B) {
	e := newEventFD(b)
	b.ReportAllocs()
	for b.Loop() {
		signal(b, e)
		expectRead(b, e, 1)
	}
}

// BenchmarkPingPong measures two wake-ups: a goroutine that sleeps in Read is woken,
// signals back and sleeps again.
func BenchmarkPingPong(b *testing.B) {
	ping, pong := newEventFD(b), newEventFD(b)
	var stop atomic.Bool
	var echo sync.WaitGroup
	echo.Go(func() {
		for {
			if _, err := ping.Read(); err != nil || stop.Load() {
				return
			}
			if pong.Signal() != nil {
				return
			}
		}
	})
	b.ReportAllocs()
	for b.Loop() {
		signal(b, ping)
		expectRead(b, pong, 1)
	}
	stop.Store(true)
	signal(b, ping)
	echo.Wait()
}
