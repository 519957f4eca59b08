package main

import (
	"math"
	"testing"

	"github.com/disrust/disrust/wire"
	"pgregory.net/rapid"
)

// TestVerifyAnyPieces feeds the right responses in drawn pieces, over several
// cycles: each is counted when its last byte comes. Then one byte is turned:
// the response that it belongs to is named.
func TestVerifyAnyPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(1, 5), 1, 6).Draw(t, "counts")
		requests := rapid.IntRange(1, 40).Draw(t, "requests")
		p := newPattern(wire.Format{Dim: 2, MaxVectors: 5}, counts)
		s := newStream(&load{pattern: p, window: requests}, nil, int64(requests))
		s.sent = int64(requests)

		var responses []byte
		var ends []int // of each response
		for k := range requests {
			_, scores := rowsFrom(p.vectors(k)%p.cycleVectors, counts[k%len(counts)], 2)
			responses = wire.AppendResponse(responses, scores)
			ends = append(ends, len(responses))
		}
		turned := rapid.IntRange(0, len(responses)).Draw(t, "turned") // the length: none
		if turned < len(responses) {
			responses[turned] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		}

		received, answered := 0, 0
		for received < len(responses) {
			n := rapid.IntRange(1, len(responses)-received).Draw(t, "read")
			more, err := s.verify(responses[received : received+n])
			received += n
			if (err != nil) != (turned < received) {
				t.Fatalf("byte %d turned, %d received: %v", turned, received, err)
			}
			if err != nil {
				return
			}
			answered += more
			if answered < requests && ends[answered] <= received || answered > 0 && ends[answered-1] > received {
				t.Fatalf("%d bytes are %d responses, which end at %v", received, answered, ends)
			}
		}
		if s.answered != s.sent {
			t.Fatalf("answered %d of %d", s.answered, s.sent)
		}
		if _, err := s.verify([]byte{0}); err == nil {
			t.Fatal("one byte more was right")
		}
	})
}

func TestRowsSumExactly(t *testing.T) {
	for _, dim := range []int{1, 2, 128, 1000} {
		rows, scores := rowsFrom(5, 3, dim)
		for i, want := range []float32{6, 7, 8} {
			sum, largest := float32(0), 0.0
			for _, feature := range rows[i*dim : (i+1)*dim] {
				sum += feature
				largest += math.Abs(float64(feature))
			}
			if sum != want || scores[i] != want {
				t.Errorf("dim %d, row %d: sum %v, score %v, want %v", dim, i, sum, scores[i], want)
			}
			if largest >= 1<<24 {
				t.Errorf("dim %d: partial sums reach %v", dim, largest)
			}
		}
	}
}

func TestPatternRunsAreWholeRequests(t *testing.T) {
	f := wire.Format{Dim: 3, MaxVectors: 9}
	p := mixed(f)
	for _, run := range []struct{ from, n int }{{0, 1}, {60, 1}, {0, 61}, {60, 61}, {30, 40}} {
		rest := p.run(run.from, run.n)
		for k := range run.n {
			want := p.counts[(run.from+k)%len(p.counts)]
			frame := f.ParseRequest(rest)
			if frame.Status != wire.Complete || frame.Vectors != want {
				t.Fatalf("run %v, request %d: %+v, want %d vectors", run, k, frame, want)
			}
			rest = rest[frame.Bytes:]
		}
		if len(rest) != 0 {
			t.Errorf("run %v: %d bytes too many", run, len(rest))
		}
	}
}
