package slab_test

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/slab"
)

func TestNewRefusesCapacities(t *testing.T) {
	for _, capacity := range []int{0, -1, slab.MaxCapacity + 1, math.MinInt, math.MaxInt} {
		s, err := slab.New[int](capacity)
		if err == nil || !strings.HasPrefix(err.Error(), "slab: ") || s != nil {
			t.Errorf("New(%d): %v, %v", capacity, s, err)
		}
	}
}

func TestFullSlabRefuses(t *testing.T) {
	s := newSlab[int](t, 3)
	keys := fill(t, s)
	if k, ok := s.Insert(9); ok || k != 0 {
		t.Errorf("Insert into a full slab: %#x, %v", k, ok)
	}
	if s.Len() != 3 || s.Cap() != 3 {
		t.Errorf("len %d, cap %d", s.Len(), s.Cap())
	}
	s.Remove(keys[1])
	if _, ok := s.Insert(9); !ok {
		t.Error("no room after Remove")
	}
}

func TestStaleKeyDoesNotReachTheNextTenant(t *testing.T) {
	s := newSlab[string](t, 1)
	old := mustInsert(t, s, "old")
	s.Remove(old)
	if s.Get(old) != nil {
		t.Error("a removed key resolves in a vacant slot")
	}
	next := mustInsert(t, s, "next")
	if next.Index() != old.Index() || next.Generation() != old.Generation()+1 {
		t.Errorf("keys %#x then %#x", old, next)
	}
	if s.Get(old) != nil || s.Remove(old) {
		t.Error("a stale key reaches the next tenant")
	}
	if v := s.Get(next); v == nil || *v != "next" {
		t.Errorf("the tenant is %v", v)
	}
}

func TestKeysNeverIssuedDoNotResolve(t *testing.T) {
	s := newSlab[int](t, 2)
	k := mustInsert(t, s, 1)
	for _, forged := range []slab.Key{
		0, 1, math.MaxUint64, // no generation; all bits
		k + 1<<24, k - 1<<24, // another generation
		k ^ 1, k ^ 1 + 1<<24, // the vacant slot, with the keys it could store or issue next
		k + 2, k + 1<<23, // an index beyond the capacity
		k | 1<<56, k | 1<<63, // a key that still has an operation code
	} {
		if s.Get(forged) != nil || s.Remove(forged) {
			t.Errorf("%#x resolves, with only %#x issued", forged, k)
		}
	}
	s.Remove(k)
	for generation := range slab.Key(4) {
		for index := range slab.Key(4) {
			if forged := generation<<24 | index; s.Get(forged) != nil {
				t.Errorf("%#x resolves in an empty slab", forged)
			}
		}
	}
}

func TestRemoveZeroesTheSlot(t *testing.T) {
	s := newSlab[*int](t, 1)
	k := mustInsert(t, s, new(int))
	slot := s.Get(k)
	s.Remove(k)
	if *slot != nil {
		t.Error("the slot still holds its pointer")
	}
}

func TestValuesDoNotMove(t *testing.T) {
	s := newSlab[int](t, 64)
	k := mustInsert(t, s, 42)
	before := s.Get(k)
	fill(t, s)
	if after := s.Get(k); after != before || *after != 42 {
		t.Error("the value moved")
	}
}

func TestSlotsAreReusedLastInFirstOut(t *testing.T) {
	s := newSlab[int](t, 4)
	keys := fill(t, s)
	for i, k := range keys {
		if k.Index() != i {
			t.Errorf("insert %d took slot %d", i, k.Index())
		}
	}
	s.Remove(keys[2])
	s.Remove(keys[0])
	for _, want := range []int{0, 2} {
		if got := mustInsert(t, s, 0).Index(); got != want {
			t.Errorf("slot %d, want %d", got, want)
		}
	}
}

func TestAllYieldsInIndexOrder(t *testing.T) {
	s := newSlab[int](t, 8)
	keys := fill(t, s)
	s.Remove(keys[6])
	s.Remove(keys[0])
	var got []int
	for k, v := range s.All() {
		if v != s.Get(k) {
			t.Errorf("All yields %#x with another value", k)
		}
		got = append(got, k.Index())
	}
	if want := []int{1, 2, 3, 4, 5, 7}; !slices.Equal(got, want) {
		t.Errorf("slots %v, want %v", got, want)
	}
}

func TestRangeOutOfBoundsPanics(t *testing.T) {
	s := newSlab[int](t, 8)
	for _, r := range [][2]int{{-1, 3}, {5, 4}, {0, 9}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Range(%d, %d) of 8 slots does not panic", r[0], r[1])
				}
			}()
			for range s.Range(r[0], r[1]) {
			}
		}()
	}
}

func TestAllAllowsRemoveAndBreak(t *testing.T) {
	s := newSlab[int](t, 8)
	keys := fill(t, s)
	var got []int
	for k := range s.All() {
		got = append(got, k.Index())
		s.Remove(k)
		if k.Index() == 2 {
			s.Remove(keys[4])
		}
		if k.Index() == 5 {
			break
		}
	}
	if want := []int{0, 1, 2, 3, 5}; !slices.Equal(got, want) || s.Len() != 2 {
		t.Errorf("slots %v, want %v; len %d", got, want, s.Len())
	}
}

func TestLastGenerationRetiresTheSlot(t *testing.T) {
	s := newSlab[int](t, 2)
	s.SetGeneration(0, math.MaxUint32-1)
	for _, want := range []uint32{math.MaxUint32 - 1, math.MaxUint32} {
		k := mustInsert(t, s, 1)
		if k.Index() != 0 || k.Generation() != want || s.Get(k) == nil {
			t.Fatalf("key %#x", k)
		}
		if !s.Remove(k) || s.Get(k) != nil || s.Remove(k) {
			t.Fatalf("%#x resolves after Remove", k)
		}
	}
	if k := mustInsert(t, s, 2); k.Index() != 1 {
		t.Errorf("slot %d", k.Index())
	}
	if _, ok := s.Insert(3); ok {
		t.Error("a retired slot was taken again")
	}
	if len(maps.Collect(s.All())) != 1 || s.Len() != 1 || s.Cap() != 2 {
		t.Errorf("len %d, cap %d", s.Len(), s.Cap())
	}
	for generation := range slab.Key(3) {
		if k := generation << 24; s.Get(k) != nil {
			t.Errorf("%#x resolves in a retired slot", k)
		}
	}
}

func TestLargestCapacity(t *testing.T) {
	s := newSlab[struct{}](t, slab.MaxCapacity)
	var last slab.Key
	for k, ok := s.Insert(struct{}{}); ok; k, ok = s.Insert(struct{}{}) {
		last = k
	}
	if last.Index() != slab.MaxCapacity-1 || last.Generation() != 1 || s.Get(last) == nil {
		t.Errorf("last key %#x", last)
	}
	if !s.Remove(last) || s.Get(last) != nil || s.Len() != slab.MaxCapacity-1 {
		t.Errorf("%#x resolves after Remove", last)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	s := newSlab[[64]byte](t, 16)
	cycle := func() {
		for range 16 {
			s.Insert([64]byte{})
		}
		for k := range s.All() {
			s.Remove(k)
		}
	}
	if got := testing.AllocsPerRun(100, cycle); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func newSlab[T any](tb testing.TB, capacity int) *slab.Slab[T] {
	tb.Helper()
	s, err := slab.New[T](capacity)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func mustInsert[T any](tb testing.TB, s *slab.Slab[T], v T) slab.Key {
	tb.Helper()
	k, ok := s.Insert(v)
	if !ok {
		tb.Fatalf("no room: len %d, cap %d", s.Len(), s.Cap())
	}
	return k
}

// fill inserts zero values until the slab is full.
func fill[T any](tb testing.TB, s *slab.Slab[T]) (keys []slab.Key) {
	tb.Helper()
	for s.Len() < s.Cap() {
		var zero T
		keys = append(keys, mustInsert(tb, s, zero))
	}
	return keys
}
