package batcher_test

import (
	"fmt"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/ringbuf"
)

// BenchmarkInline measures a request's way through a batcher that its producer polls: publish,
// score, collect.
func BenchmarkInline(b *testing.B) {
	for _, batch := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			bench := setup(b, batcher.Sum{}, 128, 1, 128, 0)
			drive(b, bench, batch, func() { bench.Poll() })
		})
	}
}

// BenchmarkDedicated is BenchmarkInline with the batcher in a goroutine of its own.
func BenchmarkDedicated(b *testing.B) {
	for _, batch := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			bench := setup(b, batcher.Sum{}, 128, 1, 128, 0)
			ended := make(chan struct{})
			go func() { bench.Run(); close(ended) }()
			drive(b, bench, batch, func() {})
			bench.requests.Close()
			<-ended
		})
	}
}

// drive sends b.N requests of one vector in batches, and waits for the answers of each batch.
func drive(b *testing.B, bench *bench, batch int, poll func()) {
	s, got := bench.sources[0], 0
	count := func(batcher.Response, []float32) { got++ }
	b.ReportAllocs()
	b.ResetTimer()
	for asked := 0; asked < b.N; {
		n := min(batch, b.N-asked)
		for range n {
			s.ask(0, 1, 1)
		}
		asked += n
		for poll(); got < asked; {
			s.answers(count)
		}
	}
	b.StopTimer()
}

// BenchmarkSingles measures 64 requests of one vector whose rows are already in memory. It
// scores them packed through the rings, or in place behind their headers.
func BenchmarkSingles(b *testing.B) {
	const count, dim = 64, 128
	b.Run("poll", func(b *testing.B) {
		bench := setup(b, batcher.Sum{}, dim, 1, count, 0)
		s := bench.sources[0]
		b.ReportAllocs()
		b.ResetTimer()
		for done := 0; done < b.N; done += count {
			s.askAgain(count)
			bench.Poll()
			_, n := s.responses.Poll(count)
			s.responses.Release(n)
		}
	})
	b.Run("apart", func(b *testing.B) {
		bench := setup(b, batcher.Sum{}, dim, 1, count, 0)
		rows, out := make([]float32, count*(1+dim)), make([]float32, count)
		b.ReportAllocs()
		b.ResetTimer()
		for done := 0; done < b.N; done += count {
			bench.ScoreApart(rows[1:], 1+dim, out)
		}
	})
}

// askAgain queues requests for the first count rows, with the values that they have.
func (s *source) askAgain(count int) {
	lo, ok := s.requests.Claim(count)
	if !ok {
		panic("test: request ring full")
	}
	for i := range count {
		*s.requests.Slot(lo + ringbuf.Sequence(i)) = batcher.Request{Row: uint32(i), Vectors: 1, Source: s.index}
	}
	s.requests.Publish(lo, count)
}
