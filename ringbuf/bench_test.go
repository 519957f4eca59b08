package ringbuf

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
)

// One operation is one item of 16 bytes, whatever the batch. Rings and channels
// hold 1,024 items. A producer that finds the ring full yields, and so does a
// consumer that finds it empty.
const benchCapacity = 1024

type benchItem struct{ a, _ uint64 }

var (
	benchBatches   = []int{1, 8, 64}
	benchProducers = []int{1, 3}
)

// BenchmarkSPSC passes items from one goroutine to another.
func BenchmarkSPSC(b *testing.B) {
	for _, batch := range benchBatches {
		b.Run(fmt.Sprintf("producers=1/batch=%d", batch), func(b *testing.B) {
			r, _ := NewSPSC[benchItem](benchCapacity, nil)
			benchRing(b, r, 1, batch)
		})
	}
}

// BenchmarkMPSC passes items from one goroutine, and from three, to another.
func BenchmarkMPSC(b *testing.B) {
	for _, producers := range benchProducers {
		for _, batch := range benchBatches {
			b.Run(fmt.Sprintf("producers=%d/batch=%d", producers, batch), func(b *testing.B) {
				r, _ := NewMPSC[benchItem](benchCapacity, nil)
				benchRing(b, r, producers, batch)
			})
		}
	}
}

// BenchmarkChannel passes the same items through a buffered channel.
func BenchmarkChannel(b *testing.B) {
	for _, producers := range benchProducers {
		b.Run(fmt.Sprintf("producers=%d/batch=1", producers), func(b *testing.B) {
			items := make(chan benchItem, benchCapacity)
			b.ReportAllocs()
			b.ResetTimer()
			var done sync.WaitGroup
			for i := range producers {
				done.Go(func() {
					for n := range share(b.N, i, producers) {
						items <- benchItem{a: uint64(n)}
					}
				})
			}
			var sum uint64
			for range b.N {
				sum += (<-items).a
			}
			done.Wait()
			runtime.KeepAlive(sum)
		})
	}
}

// BenchmarkUncontended claims, publishes, polls and releases in one goroutine. It
// measures the instructions alone: no cache line moves between cores.
func BenchmarkUncontended(b *testing.B) {
	for _, batch := range benchBatches {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			r, _ := NewMPSC[benchItem](benchCapacity, nil)
			p, c := r.Producer(), r.Consumer()
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += batch {
				send(p, min(batch, b.N-n))
				receive(c)
			}
		})
	}
}

func benchRing(b *testing.B, r *Ring[benchItem], producers, batch int) {
	c := r.Consumer()
	b.ReportAllocs()
	b.ResetTimer()
	var done sync.WaitGroup
	for i := range producers {
		p := r.Producer()
		done.Go(func() {
			items := share(b.N, i, producers)
			for n := 0; n < items; {
				n += send(p, min(batch, items-n))
			}
		})
	}
	for n := 0; n < b.N && c.Wait(); {
		n += receive(c)
	}
	done.Wait()
}

// send publishes count items and returns count. If the ring is full it yields and
// returns 0.
func send(p *Producer[benchItem], count int) int {
	lo, ok := p.Claim(count)
	if !ok {
		runtime.Gosched()
		return 0
	}
	first, second := p.Slots(lo, count)
	for i := range first {
		first[i] = benchItem{a: uint64(i)}
	}
	for i := range second {
		second[i] = benchItem{a: uint64(i)}
	}
	p.Publish(lo, count)
	return count
}

// benchSum keeps the reads of receive from being optimised away.
var benchSum uint64

// receive polls and releases all published items and returns how many there were.
func receive(c *Consumer[benchItem]) int {
	lo, count := c.Poll(benchCapacity)
	first, second := c.Slots(lo, count)
	for i := range first {
		benchSum += first[i].a
	}
	for i := range second {
		benchSum += second[i].a
	}
	c.Release(count)
	return count
}

// share returns how many of n items the i-th of parts producers sends.
func share(n, i, parts int) int { return n*(i+1)/parts - n*i/parts }
