package ringbuf

import (
	"runtime"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// item is the count-th slot its producer published.
type item struct{ producer, count int }

// traffic is one run of real producers against one consumer.
type traffic struct {
	ring  *Ring[item]
	batch []int // largest claim of each producer
	items int   // from each producer
}

// produce publishes the items of one producer in claims of 1 to batch slots. On a
// ring for one producer it sometimes publishes several claims at once.
func (f traffic) produce(producer int, p *Producer[item]) {
	var open Sequence
	pending := 0
	publish := func() {
		if pending > 0 {
			p.Publish(open, pending)
			pending = 0
		}
	}
	for next := 0; next < f.items; {
		want := min(1+next%f.batch[producer], f.items-next)
		lo, ok := p.Claim(want)
		if !ok {
			publish() // the ring could stay full otherwise
			runtime.Gosched()
			continue
		}
		if pending == 0 {
			open = lo
		}
		for i := range want {
			*p.Slot(lo + Sequence(i)) = item{producer, next + i}
		}
		next += want
		pending += want
		if f.ring.shared || next%3 == 0 {
			publish()
		}
	}
	publish()
}

// consume polls until the ring is drained. It checks that each item of each
// producer arrives exactly once and in order.
func (f traffic) consume(t *rapid.T, limit int) {
	c := f.ring.Consumer()
	next := make([]int, len(f.batch))
	for c.Wait() {
		lo, count := c.Poll(limit)
		if count == 0 {
			t.Fatal("Wait returned true, but Poll returned no slot")
		}
		first, second := c.Slots(lo, count)
		for _, run := range [][]item{first, second} {
			for _, got := range run {
				if got.count != next[got.producer] {
					t.Fatalf("producer %d: item %d, want %d", got.producer, got.count, next[got.producer])
				}
				next[got.producer]++
			}
		}
		c.Release(count)
	}
	for producer, count := range next {
		if count != f.items {
			t.Fatalf("producer %d: %d items of %d", producer, count, f.items)
		}
	}
}

func (f traffic) run(t *rapid.T, limit int) {
	var producing sync.WaitGroup
	for i := range f.batch {
		p := f.ring.Producer()
		producing.Go(func() { f.produce(i, p) })
	}
	go func() {
		producing.Wait()
		f.ring.Close()
	}()
	f.consume(t, limit)
}

// TestPropTraffic: with real goroutines and every strategy, no item is lost, none
// arrives twice, and the items of each producer keep their order.
func TestPropTraffic(t *testing.T) {
	for _, s := range strategies {
		t.Run(s.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				capacity := 1 << rapid.IntRange(0, 6).Draw(t, "capacityLog2")
				producers := rapid.IntRange(1, 8).Draw(t, "producers")
				f := traffic{items: rapid.IntRange(300, 900).Draw(t, "items")}
				f.batch = rapid.SliceOfN(rapid.IntRange(1, capacity), producers, producers).Draw(t, "batch")
				if producers == 1 && rapid.Bool().Draw(t, "SPSC") {
					f.ring, _ = NewSPSC[item](capacity, s.make())
				} else {
					f.ring, _ = NewMPSC[item](capacity, s.make())
				}
				f.run(t, rapid.IntRange(1, capacity).Draw(t, "max"))
			})
		})
	}
}
