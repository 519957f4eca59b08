//go:build linux

package loop

import (
	"slices"
	"testing"

	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/slab"
)

// elapse lets a tick pass.
func (t *Thread) elapse() {
	t.tick()
	t.sweepTimeouts()
}

// dismissedSlots returns the slots of the connections that are dismissed.
func (t *Thread) dismissedSlots() (slots []int) {
	for key, c := range t.conns.All() {
		if c.dismissed {
			slots = append(slots, key.Index())
		}
	}
	return slots
}

// TestSpreadIsEven: after each tick the same share of connections is dismissed, the lowest slots
// first, and all after the last tick. The first tick comes after the last accept.
func TestSpreadIsEven(t *testing.T) {
	for _, test := range []struct {
		conns int
		ticks uint32
		after []int // how many are dismissed after each tick
	}{
		{8, 4, []int{2, 4, 6, 8}},
		{8, 3, []int{2, 5, 8}},
		{3, 6, []int{0, 1, 1, 2, 2, 3}},
		{8, 1, []int{8}},
		{1, 2, []int{0, 1}},
		{0, 2, []int{0, 0}},
	} {
		th, _ := idleThread(t)
		th.cfg.Limits.SpreadTicks = test.ticks
		th.armAccepts()
		for i := range test.conns {
			th.adopt(&th.listeners[0], int32(100+i))
		}
		th.Stop()
		th.checkStop()
		th.elapse()
		if got := th.dismissedSlots(); got != nil {
			t.Errorf("%+v: %v are dismissed while the accept is in flight", test, got)
		}
		th.dispatch(acceptEvent(netio.Interrupted, 0))
		for tick, want := range test.after {
			th.armTick()
			if !th.ticking {
				t.Errorf("%+v: no tick is armed", test)
			}
			th.elapse()
			got := th.dismissedSlots()
			if len(got) != want || want > 0 && got[want-1] != want-1 {
				t.Errorf("%+v: after tick %d %v are dismissed", test, tick+1, got)
			}
		}
		th.armTick()
		if th.ticking {
			t.Errorf("%+v: a tick is armed when all are dismissed", test)
		}
	}
}

// TestAges: each slot has an age of its own, at most a tenth from the one that is asked for. The ages
// of 100 consecutive slots lie close everywhere in between.
func TestAges(t *testing.T) {
	for _, ticks := range []uint32{1, 9, 10, 6000, 36_000_000} {
		l, tenth := Limits{AgeTicks: ticks}, ticks/10
		s, err := slab.New[int](100)
		if err != nil {
			t.Fatal(err)
		}
		ages := []uint32{ticks - tenth, ticks + tenth}
		for range 100 {
			key, _ := s.Insert(0)
			ages = append(ages, l.age(key))
		}
		slices.Sort(ages)
		if ages[0] < ticks-tenth || ages[101] > ticks+tenth {
			t.Errorf("%d ticks: the ages are %d to %d", ticks, ages[0], ages[101])
		}
		for i := range ages[1:] {
			if ages[i+1]-ages[i] > max(1, tenth/10) {
				t.Errorf("%d ticks: no age from %d to %d", ticks, ages[i], ages[i+1])
			}
		}
	}
}

// TestOldConnection: an old connection is counted and dismissed once. It stays open for its peer's FIN
// until the grace is over.
func TestOldConnection(t *testing.T) {
	th, _ := idleThread(t)
	th.cfg.Limits.AgeTicks, th.cfg.Limits.GraceTicks = 5, 3
	th.elapse()
	th.adopt(&th.listeners[0], 5)
	c := th.conns.Get(th.dirty[0])
	c.version, c.greeted = 2, true
	th.arm(c)
	for age := 1; age <= 12; age++ {
		th.armTick()
		if !th.ticking {
			t.Errorf("age %d: no tick is armed", age)
		}
		th.elapse()
		if c.dismissed != (age > 5) || (c.phase == open) != (age <= 8) {
			t.Errorf("age %d: dismissed is %t, the phase %d", age, c.dismissed, c.phase)
		}
	}
	if th.tally.OldConns != 1 || int(c.out.size) != len(goingAway) {
		t.Errorf("%d old connections, %d bytes of notices", th.tally.OldConns, c.out.size)
	}
	th.Stop()
	th.checkStop()
	if int(c.out.size) != len(goingAway) {
		t.Error("the drain sends the notice again")
	}
}
