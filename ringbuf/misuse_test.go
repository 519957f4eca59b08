package ringbuf

import (
	"math"
	"testing"
)

func TestHandlesAreTakenOnce(t *testing.T) {
	spsc, _ := NewSPSC[int](2, nil)
	spsc.Producer()
	mustPanic(t, "second producer", func() { spsc.Producer() })

	mpsc := newMPSC(2, nil)
	mpsc.Producer()
	mpsc.Producer()

	spsc.Consumer()
	mpsc.Consumer()
	mustPanic(t, "second consumer", func() { spsc.Consumer() })
	mustPanic(t, "second consumer", func() { mpsc.Consumer() })
}

func TestCountsOutOfRange(t *testing.T) {
	eachKind(t, 4, func(t *testing.T, r *Ring[int]) {
		p, c := r.Producer(), r.Consumer()
		for _, count := range []int{math.MinInt, -1, 0, 5, math.MaxInt} {
			mustPanic(t, "Claim", func() { p.Claim(count) })
		}
		for _, count := range []int{math.MinInt, -1, 5, math.MaxInt} {
			mustPanic(t, "producer's Slots", func() { p.Slots(0, count) })
			mustPanic(t, "consumer's Slots", func() { c.Slots(0, count) })
		}
		mustPanic(t, "Poll", func() { c.Poll(-1) })
	})
}

func TestPublishOutsideTheClaim(t *testing.T) {
	eachKind(t, 8, func(t *testing.T, r *Ring[int]) {
		p, c := r.Producer(), r.Consumer()
		mustPanic(t, "nothing claimed", func() { p.Publish(0, 1) })

		claim(t, p, 3)
		for _, count := range []int{math.MinInt, -1, 0, 4, math.MaxInt} {
			mustPanic(t, "count", func() { p.Publish(0, count) })
		}
		mustPanic(t, "past the end", func() { p.Publish(1, 3) })
		mustPanic(t, "beyond the end", func() { p.Publish(3, 1) })
		mustPanic(t, "overflow", func() { p.Publish(math.MaxUint64, 1) })

		p.Publish(0, 3)
		mustPanic(t, "again", func() { p.Publish(0, 3) })
		claim(t, p, 3)
		mustPanic(t, "again, with another claim open", func() { p.Publish(0, 3) })
		poll(t, c, 8, 3)
	})
}

func TestSPSCPublishOutOfOrder(t *testing.T) {
	r, _ := NewSPSC[int](8, nil)
	p, c := r.Producer(), r.Consumer()
	claim(t, p, 2)
	later := claim(t, p, 2)
	mustPanic(t, "later claim first", func() { p.Publish(later, 2) })
	poll(t, c, 8, 0)
	p.Publish(0, 4)
	poll(t, c, 8, 4)
}

func TestMPSCPublishOfAnothersClaim(t *testing.T) {
	r := newMPSC(8, nil)
	a, b := r.Producer(), r.Producer()
	lo := claim(t, a, 2)
	mustPanic(t, "claimed by a, published by b", func() { b.Publish(lo, 2) })
	claim(t, b, 1)
	claim(t, a, 1)
	mustPanic(t, "two claims of a with one of b between", func() { a.Publish(lo, 4) })
}

func TestReleaseMoreThanPolled(t *testing.T) {
	eachKind(t, 4, func(t *testing.T, r *Ring[int]) {
		p, c := r.Producer(), r.Consumer()
		p.Publish(claim(t, p, 3), 3)
		mustPanic(t, "nothing polled", func() { c.Release(1) })
		poll(t, c, 2, 2)
		mustPanic(t, "more than polled", func() { c.Release(3) })
		mustPanic(t, "negative", func() { c.Release(-1) })
		c.Release(1)
		c.Release(1)
		mustPanic(t, "all released", func() { c.Release(1) })
		if got := r.Occupancy(); got != 1 {
			t.Fatalf("occupancy %d, want 1", got)
		}
	})
}

func TestNewBlockNegative(t *testing.T) {
	mustPanic(t, "NewBlock", func() { NewBlock(-1) })
}
