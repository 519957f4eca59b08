//go:build linux

package blocks_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/disrust/disrust/server/internal/blocks"
	"pgregory.net/rapid"
)

// TestBlocksAreApart: whatever is taken and put back in any order, each block in
// use keeps what was written to it, and all come home.
func TestBlocksAreApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(1, 20).Draw(t, "count")
		s, err := blocks.New(count, rapid.IntRange(1, 9000).Draw(t, "size"))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		written := map[blocks.ID]byte{}
		put := func(id blocks.ID) {
			for i, b := range s.Bytes(id) {
				if b != written[id] {
					t.Fatalf("byte %d of block %d is %d, want %d", i, id, b, written[id])
				}
			}
			delete(written, id)
			s.Put(id)
		}
		next := byte(1)
		t.Repeat(map[string]func(*rapid.T){
			"get": func(t *rapid.T) {
				if len(written) == count {
					return
				}
				id := s.Get()
				if _, twice := written[id]; twice {
					t.Fatalf("block %d was given out twice", id)
				}
				for i := range s.Bytes(id) {
					s.Bytes(id)[i] = next
				}
				written[id] = next
				next++
			},
			"put": func(t *rapid.T) {
				if len(written) > 0 {
					put(rapid.SampledFrom(slices.Sorted(maps.Keys(written))).Draw(t, "block"))
				}
			},
			"": func(t *rapid.T) {
				if s.InUse() != len(written) {
					t.Fatalf("InUse is %d, want %d", s.InUse(), len(written))
				}
			},
		})
		for id := range written {
			put(id)
		}
		if s.InUse() != 0 {
			t.Fatalf("%d blocks did not come home", s.InUse())
		}
	})
}

func TestGetOfNonePanics(t *testing.T) {
	s, err := blocks.New(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Get()
	defer func() {
		if recover() == nil {
			t.Error("a second block came out of a store of one")
		}
	}()
	s.Get()
}
