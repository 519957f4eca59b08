package ringbuf

import (
	"testing"
	"unsafe"
)

// Words that different goroutines write are at least one line apart from each
// other and from the fields that all goroutines read.
func TestWrittenWordsAreApart(t *testing.T) {
	var r Ring[byte]
	if gap := unsafe.Offsetof(r.claimed) - unsafe.Offsetof(r.shared); gap < lineBytes {
		t.Errorf("claimed is %d bytes from the fields that all goroutines read", gap)
	}
	if tail := unsafe.Sizeof(r) - unsafe.Offsetof(r.asleep); tail < lineBytes {
		t.Errorf("asleep is %d bytes from the next object", tail)
	}
	if c := newCells(1); len(c) != 1 || cap(c)*8 < lineBytes {
		t.Errorf("newCells(1) has %d cells, room for %d", len(c), cap(c))
	}
}

// No call allocates once the ring and its handles are made.
func TestNoAllocations(t *testing.T) {
	eachKind(t, 8, func(t *testing.T, r *Ring[int]) {
		p, c := r.Producer(), r.Consumer()
		allocs := testing.AllocsPerRun(100, func() {
			c.Announce()
			lo, _ := p.Claim(5)
			first, second := p.Slots(lo, 5)
			clear(first)
			clear(second)
			p.Publish(lo, 5)
			c.Awake()
			c.Wait()
			_, count := c.Poll(8)
			c.Release(count)
		})
		if allocs != 0 {
			t.Errorf("%v allocations", allocs)
		}
	})
}
