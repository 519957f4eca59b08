package slab

import (
	"fmt"
	"iter"
)

// Slab holds up to a fixed number of values of type T. New makes one; it must
// not be copied.
type Slab[T any] struct {
	_       noCopy
	entries []entry[T]
	free    []uint32 // indices of vacant slots; Insert takes the last one
	live    int
}

// entry is one slot: a key and, next to it in memory, the value that the key leads
// to.
//
// Invariant: if the slot is occupied, the lowest bit of key equals the lowest bit
// of the slot's index; if the slot is vacant, the two bits differ. So the key
// stored in a vacant slot has the index of another slot. No Key that leads to a
// vacant slot can equal the key stored there, and one comparison tells a live key
// from a stale one.
type entry[T any] struct {
	key   Key
	value T
}

const vacant Key = 1 // the bit flipped in the key of a vacant slot

// New makes a slab of capacity slots, 1 to MaxCapacity. It allocates all of them
// at once; they never move.
func New[T any](capacity int) (*Slab[T], error) {
	if capacity < 1 || capacity > MaxCapacity {
		return nil, fmt.Errorf("slab: capacity is %d: must be 1 to %d", capacity, MaxCapacity)
	}
	s := &Slab[T]{
		entries: make([]entry[T], capacity),
		free:    make([]uint32, capacity),
	}
	for i := range s.entries {
		s.entries[i].key = (firstGeneration | Key(i)) ^ vacant
		s.free[i] = uint32(capacity - 1 - i)
	}
	return s, nil
}

// Insert puts v in the slot that was vacated last, because its memory is most
// likely in cache. Slots never used are taken from the lowest index on. Insert
// returns the Key of this occupancy; ok is false if no slot is vacant. O(1), no
// allocation.
func (s *Slab[T]) Insert(v T) (k Key, ok bool) {
	top := len(s.free) - 1
	if top < 0 {
		return 0, false
	}
	e := &s.entries[s.free[top]]
	s.free = s.free[:top]
	e.key ^= vacant
	e.value = v
	s.live++
	return e.key, true
}

// Get returns the value that k was issued for. It returns nil if that value has
// been removed or k was never issued. The pointer is valid until Remove(k). So
// keep the Key, not the pointer, across calls that may remove the value. O(1).
func (s *Slab[T]) Get(k Key) *T {
	if i := k & indexMask; i < Key(len(s.entries)) {
		if e := &s.entries[i]; e.key == k {
			return &e.value
		}
	}
	return nil
}

// Remove zeroes the value that k was issued for and vacates its slot. From then
// on every copy of k is stale. Remove returns false if k is already stale or was
// never issued. A slot that has used up its generations is retired instead of
// vacated: no Insert takes it again. O(1).
func (s *Slab[T]) Remove(k Key) bool {
	if s.Get(k) == nil {
		return false
	}
	i := k & indexMask
	e := &s.entries[i]
	var zero T
	e.value = zero
	e.key = (k + oneGeneration) ^ vacant
	if e.key < keyLimit {
		s.free = append(s.free, uint32(i))
	}
	s.live--
	return true
}

// All yields the occupied slots in order of index. The loop may remove any value
// and insert others; All may or may not yield the values inserted. O(Cap).
func (s *Slab[T]) All() iter.Seq2[Key, *T] { return s.Range(0, len(s.entries)) }

// Range is All for the slots with index lo to hi-1. With it a caller can visit a
// large slab a few slots at a time. The loop panics unless 0 <= lo <= hi <= Cap.
// O(hi-lo).
func (s *Slab[T]) Range(lo, hi int) iter.Seq2[Key, *T] {
	return func(yield func(Key, *T) bool) {
		if lo < 0 || hi < lo || hi > len(s.entries) {
			panic(fmt.Sprintf("slab: Range(%d, %d) of %d slots", lo, hi, len(s.entries)))
		}
		for i := lo; i < hi; i++ {
			e := &s.entries[i]
			if e.key&indexMask == Key(i) && !yield(e.key, &e.value) {
				return
			}
		}
	}
}

// Len returns the number of occupied slots.
func (s *Slab[T]) Len() int { return s.live }

// Cap returns the number of slots, retired ones included.
func (s *Slab[T]) Cap() int { return len(s.entries) }

// noCopy makes go vet report copies of the struct that holds it.
type noCopy struct{}

func (*noCopy) Lock()   {}
func (*noCopy) Unlock() {}
