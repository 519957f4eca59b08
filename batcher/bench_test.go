package batcher_test

import (
	"fmt"
	"testing"

	"github.com/disrust/disrust/batcher"
)

// BenchmarkInline is a request's way through the batcher when the producer polls
// it itself: publish, score, collect.
func BenchmarkInline(b *testing.B) {
	for _, batch := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			bench := setup(b, batcher.Sum{}, 128, 1, 128, 0)
			drive(b, bench, batch, func() { bench.Poll() })
		})
	}
}

// BenchmarkDedicated is the same with the batcher on a thread of its own.
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

// drive asks b.N requests of one vector in batches, and waits for each batch's
// answers.
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
