package ringbuf

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// kinds are the two kinds of ring, for tests that must hold for both.
var kinds = []struct {
	name string
	make func(capacity int, wait WaitStrategy) (*Ring[int], error)
}{
	{"SPSC", NewSPSC[int]},
	{"MPSC", NewMPSC[int]},
}

// eachKind runs f on a fresh ring of each kind.
func eachKind(t *testing.T, capacity int, f func(t *testing.T, r *Ring[int])) {
	t.Helper()
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			r, err := kind.make(capacity, nil)
			if err != nil {
				t.Fatal(err)
			}
			f(t, r)
		})
	}
}

// newMPSC returns a ring of capacity slots and panics on error.
func newMPSC(capacity int, wait WaitStrategy) *Ring[int] {
	r, err := NewMPSC[int](capacity, wait)
	if err != nil {
		panic(err)
	}
	return r
}

// claim takes count slots and writes their sequences into them.
func claim(t *testing.T, p *Producer[int], count int) Sequence {
	t.Helper()
	lo, ok := p.Claim(count)
	if !ok {
		t.Fatalf("Claim(%d) refused", count)
	}
	for seq := lo; seq < lo+Sequence(count); seq++ {
		*p.Slot(seq) = int(seq)
	}
	return lo
}

// poll checks that Poll(max) returns want slots holding their sequences.
func poll(t *testing.T, c *Consumer[int], max, want int) {
	t.Helper()
	if max > 0 && c.Ready() != (want > 0) {
		t.Fatalf("Ready() = %v before a poll of %d slots", c.Ready(), want)
	}
	lo, count := c.Poll(max)
	if count != want {
		t.Fatalf("Poll(%d) = %d slots, want %d", max, count, want)
	}
	for seq := lo; seq < lo+Sequence(count); seq++ {
		if got := *c.Slot(seq); got != int(seq) {
			t.Fatalf("slot of sequence %d holds %d", seq, got)
		}
	}
}

// mustPanic checks that f panics with the package's prefix.
func mustPanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if s, ok := recover().(string); !ok || !strings.HasPrefix(s, "ringbuf: ") {
			t.Errorf("%s: recovered %q, want a panic with the package's prefix", what, s)
		}
	}()
	f()
}

func TestCapacity(t *testing.T) {
	for _, kind := range kinds {
		for _, capacity := range []int{1, 2, 64} {
			r, err := kind.make(capacity, nil)
			if err != nil || r.Capacity() != capacity {
				t.Errorf("%s(%d) = %v, %v", kind.name, capacity, r, err)
			}
		}
		for _, capacity := range []int{math.MinInt, -1, 0, 3, 100, maxCapacity + 1, math.MaxInt} {
			if r, err := kind.make(capacity, nil); err == nil || r != nil {
				t.Errorf("%s(%d) made a ring", kind.name, capacity)
			}
		}
		_, err := kind.make(100, nil)
		if want := "ringbuf: capacity 100 is not a power of two from 1 to 1073741824"; err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
	}
}

func TestEmptyRing(t *testing.T) {
	eachKind(t, 4, func(t *testing.T, r *Ring[int]) {
		c := r.Consumer()
		poll(t, c, 4, 0)
		c.Release(0)
		if r.Occupancy() != 0 {
			t.Fatalf("occupancy %d", r.Occupancy())
		}
	})
}

func TestCapacityOneHandsOverOneByOne(t *testing.T) {
	eachKind(t, 1, func(t *testing.T, r *Ring[int]) {
		p, c := r.Producer(), r.Consumer()
		for range 5 {
			lo := claim(t, p, 1)
			if _, ok := p.Claim(1); ok {
				t.Fatal("claimed the only slot twice")
			}
			poll(t, c, 1, 0)
			p.Publish(lo, 1)
			poll(t, c, 1, 1)
			poll(t, c, 1, 0)
			if _, ok := p.Claim(1); ok {
				t.Fatal("claimed a slot polled but not released")
			}
			c.Release(1)
		}
	})
}

func TestClaimNeverPassesTheConsumer(t *testing.T) {
	eachKind(t, 2, func(t *testing.T, r *Ring[int]) {
		p, c := r.Producer(), r.Consumer()
		for range 5 {
			p.Publish(claim(t, p, 1), 1)
			if _, ok := p.Claim(2); ok {
				t.Fatal("claimed past the consumer")
			}
			if got := r.Occupancy(); got != 1 {
				t.Fatalf("a refused claim left occupancy %d", got)
			}
			p.Publish(claim(t, p, 1), 1)
			poll(t, c, 2, 2)
			c.Release(1)
			p.Publish(claim(t, p, 1), 1)
			poll(t, c, 2, 1)
			c.Release(2)
		}
	})
}

func TestPollCutsRuns(t *testing.T) {
	eachKind(t, 8, func(t *testing.T, r *Ring[int]) {
		p, c := r.Producer(), r.Consumer()
		p.Publish(claim(t, p, 5), 5)
		p.Publish(claim(t, p, 3), 3)
		poll(t, c, 0, 0)
		poll(t, c, 2, 2)
		poll(t, c, 4, 4)
		poll(t, c, math.MaxInt, 2)
		c.Release(8)
	})
}

func TestSlotsWrap(t *testing.T) {
	eachKind(t, 4, func(t *testing.T, r *Ring[int]) {
		p, c := r.Producer(), r.Consumer()
		p.Publish(claim(t, p, 3), 3)
		poll(t, c, 3, 3)
		c.Release(3)

		lo, _ := p.Claim(4)
		first, second := p.Slots(lo, 4)
		copy(first, []int{10})
		copy(second, []int{11, 12, 13})
		p.Publish(lo, 4)
		lo, count := c.Poll(4)
		first, second = c.Slots(lo, count)
		if !slices.Equal(first, []int{10}) || !slices.Equal(second, []int{11, 12, 13}) {
			t.Fatalf("Slots = %v, %v", first, second)
		}
		if cap(first) != 1 || cap(second) != 3 {
			t.Fatalf("capacities %d, %d reach slots of others", cap(first), cap(second))
		}
		if first, second = c.Slots(lo, 0); len(first)+len(second) != 0 {
			t.Fatalf("Slots of count 0 = %v, %v", first, second)
		}
	})
}

func TestSPSCPublishesSeveralClaimsAtOnce(t *testing.T) {
	r, _ := NewSPSC[int](8, nil)
	p, c := r.Producer(), r.Consumer()
	for range 5 {
		lo := claim(t, p, 1)
		claim(t, p, 2)
		claim(t, p, 3)
		poll(t, c, 8, 0)
		p.Publish(lo, 5)
		poll(t, c, 8, 5)
		p.Publish(lo+5, 1)
		poll(t, c, 8, 1)
		c.Release(6)
	}
}

func TestMPSCLaterRunWaitsForEarlier(t *testing.T) {
	r := newMPSC(8, nil)
	a, b, c := r.Producer(), r.Producer(), r.Consumer()
	for range 5 {
		first, second, third := claim(t, a, 2), claim(t, b, 3), claim(t, a, 1)
		b.Publish(second, 3)
		poll(t, c, 8, 0)
		a.Publish(third, 1)
		poll(t, c, 8, 0)
		a.Publish(first, 2)
		poll(t, c, 8, 6)
		c.Release(6)
	}
}

func TestMPSCPublishesAClaimInParts(t *testing.T) {
	r := newMPSC(4, nil)
	p, c := r.Producer(), r.Consumer()
	for range 5 {
		lo := claim(t, p, 3)
		p.Publish(lo+2, 1)
		p.Publish(lo, 1)
		poll(t, c, 4, 1)
		p.Publish(lo+1, 1)
		poll(t, c, 4, 2)
		c.Release(3)
	}
}
