package slab_test

import (
	"testing"

	"github.com/disrust/disrust/slab"
)

// connection is as large as the state that a server keeps per connection.
type connection struct {
	fd      int32
	pending int32
	_       [14]uint64 // other fields
}

func BenchmarkInsertRemove(b *testing.B) {
	s := newSlab[connection](b, 1024)
	b.ReportAllocs()
	for b.Loop() {
		k, _ := s.Insert(connection{fd: 3})
		s.Remove(k)
	}
}

func BenchmarkGetHit(b *testing.B) {
	s := newSlab[connection](b, 1024)
	benchmarkGet(b, s, fill(b, s))
}

func BenchmarkGetStale(b *testing.B) {
	s := newSlab[connection](b, 1024)
	stale := fill(b, s)
	for _, k := range stale {
		s.Remove(k)
	}
	fill(b, s)
	benchmarkGet(b, s, stale)
}

// benchmarkGet looks the keys up with a stride that the prefetcher does not follow,
// because completions arrive in no order.
func benchmarkGet(b *testing.B, s *slab.Slab[connection], keys []slab.Key) {
	hits := 0
	b.ReportAllocs()
	for i := 0; b.Loop(); i += 389 {
		if s.Get(keys[i&1023]) != nil {
			hits++
		}
	}
	b.ReportMetric(float64(hits)/float64(b.N), "hits/op")
}

// BenchmarkAll iterates over 64 values spread over 1024 slots.
func BenchmarkAll(b *testing.B) {
	s := newSlab[connection](b, 1024)
	for i, k := range fill(b, s) {
		if i%16 != 0 {
			s.Remove(k)
		}
	}
	sum := 0
	b.ReportAllocs()
	for b.Loop() {
		for _, c := range s.All() {
			sum += int(c.pending)
		}
	}
	if sum != 0 {
		b.Fatal("a value changed")
	}
}
