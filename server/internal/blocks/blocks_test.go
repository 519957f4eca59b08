//go:build linux

package blocks_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/disrust/disrust/server/internal/blocks"
	"pgregory.net/rapid"
)

// TestBlocksAreApart: in whatever order blocks are taken and returned, each block in use keeps
// what was written to it, and in the end no block is in use.
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
					t.Fatalf("Get returned block %d twice", id)
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
			"trim": func(t *rapid.T) {
				keep := rapid.IntRange(0, count).Draw(t, "keep")
				s.Trim(keep)
				if most := max(keep, len(written)); s.Resident() > most {
					t.Fatalf("%d blocks hold memory, want at most %d", s.Resident(), most)
				}
			},
			"": func(t *rapid.T) {
				if s.InUse() != len(written) {
					t.Fatalf("InUse is %d, want %d", s.InUse(), len(written))
				}
				if s.InUse() > s.Resident() || s.Resident() > count {
					t.Fatalf("%d of %d blocks hold memory, %d are in use", s.Resident(), count, s.InUse())
				}
			},
		})
		for id := range written {
			put(id)
		}
		if s.InUse() != 0 {
			t.Fatalf("%d blocks were not returned", s.InUse())
		}
	})
}

// TestTrimGivesMemoryBack: a trimmed block loses its contents and its pages. A block in use
// keeps both.
func TestTrimGivesMemoryBack(t *testing.T) {
	const count, size = 100, 1 << 16
	s, err := blocks.New(count, size)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ids := make([]blocks.ID, count)
	for i := range ids {
		ids[i] = s.Get()
		s.Bytes(ids[i])[size-1] = 1
	}
	for _, id := range ids[1:] {
		s.Put(id)
	}
	if s.Resident() != count {
		t.Errorf("%d blocks hold memory before Trim, want %d", s.Resident(), count)
	}
	s.Trim(10)
	if s.Resident() != 10 {
		t.Errorf("%d blocks hold memory after Trim, want 10", s.Resident())
	}
	gone := 0
	for _, id := range ids {
		if s.Bytes(id)[size-1] == 0 {
			gone++
		}
	}
	if gone != 90 || s.Bytes(ids[0])[size-1] != 1 {
		t.Errorf("%d blocks are empty, want 90; the one in use holds %d, want 1", gone, s.Bytes(ids[0])[size-1])
	}
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
			t.Error("Get returned a second block of a store of one")
		}
	}()
	s.Get()
}
