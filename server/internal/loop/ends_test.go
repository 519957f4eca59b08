//go:build linux

package loop

import (
	"bytes"
	"slices"
	"testing"

	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/slab"
	"github.com/disrust/disrust/wire"
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
		if th.spread.ticks != 0 {
			t.Errorf("%+v: the drain goes on when all are dismissed", test)
		}
	}
}

// silentThread returns a thread in a drain of which only a last tick of patience is left, and a connection
// on which nothing has arrived.
func silentThread(t *testing.T) (*Thread, *idleKernel, *conn) {
	th, kernel := idleThread(t)
	th.cfg.Welcome.Format = th.format
	th.armAccepts()
	th.adopt(&th.listeners[0], 5)
	c := th.conns.Get(th.dirty[0])
	th.arm(c)
	th.Stop()
	th.checkStop()
	if slices.ContainsFunc(th.ops, func(op netio.Op) bool { return op.Code == netio.Cancel && op.Target == netio.Receive }) {
		t.Error("the receive is cancelled, which restarts the connection's timeout")
	}
	th.elapse() // while the accept is in flight, patience does not end
	th.dispatch(acceptEvent(netio.Interrupted, 0))
	for range silenceTicks - 1 {
		th.armTick()
		if !th.ticking {
			t.Fatal("no tick is armed")
		}
		th.elapse()
	}
	return th, kernel, c
}

// receives hands b to c, as if a receive had ended, and arms the next one.
func (t *Thread) receives(c *conn, b []byte) {
	t.backend.(*idleKernel).buffer = b
	t.dispatch(&netio.Event{Key: uint64(c.key), Code: netio.Receive, Outcome: netio.Done, N: int32(len(b))})
	t.arm(c)
}

// TestSilenceEnds: a drain ends the input of a silent connection after silenceTicks, unless something has
// arrived. Then it ends when that is read.
func TestSilenceEnds(t *testing.T) {
	for _, arrived := range [][]byte{nil, {1}, {1, 0}} {
		th, kernel, c := silentThread(t)
		th.ops = th.ops[:0]
		th.elapse()
		if len(th.ops) != 1 || th.ops[0].Code != netio.Cancel || c.phase != open {
			t.Fatalf("%d bytes: phase %d, operations %+v; want the end of the receive", len(arrived), c.phase, th.ops)
		}
		kernel.unread = len(arrived)
		th.dispatch(&netio.Event{Key: uint64(c.key), Code: netio.Receive, Outcome: netio.Interrupted, Buffer: netio.NoBuffer})
		th.arm(c)
		for i := range arrived {
			if c.phase != open {
				t.Errorf("of %d bytes %d are read, and the phase is %d", len(arrived), i, c.phase)
			}
			kernel.unread--
			th.receives(c, arrived[i:i+1])
		}
		th.armTick()
		if c.phase != answering || th.ticking {
			t.Errorf("%d bytes: phase %d; a tick is armed: %t", len(arrived), c.phase, th.ticking)
		}
	}
}

// TestSilenceIsBroken: a connection that is silent when a drain begins is served if its peer sends a hello
// or a request within silenceTicks. However the first bytes are split, none is lost, even if the time ends
// in the middle of them.
func TestSilenceIsBroken(t *testing.T) {
	request := wire.AppendRequest(nil, 1, []float32{1})
	hello := wire.AppendHello(nil, wire.Hello{})
	for split := 1; split <= wire.HeaderBytes; split++ {
		for _, late := range []bool{false, true} {
			th, kernel, c := silentThread(t)
			kernel.unread = 1 // of more, by the time of the next receive
			th.receives(c, hello[:split])
			if late {
				th.elapse()
				th.dispatch(&netio.Event{Key: uint64(c.key), Code: netio.Receive, Outcome: netio.Interrupted, Buffer: netio.NoBuffer})
				th.arm(c)
			}
			th.receives(c, append(hello[split:], request...))
			if !c.greeted {
				t.Fatalf("split at %d, late: %t: not greeted", split, late)
			}
			welcome := wire.AppendGoingAway(wire.AppendWelcome(nil, th.cfg.Welcome))
			if got := th.outputs.Bytes(c.out.block)[:c.out.size]; !bytes.Equal(got, welcome) || c.inFlight != 1 || c.phase != open {
				t.Errorf("split at %d, late: %t: sent % x, want the welcome and the notice; %d requests in flight, phase %d", split, late, got, c.inFlight, c.phase)
			}
		}
		th, kernel, c := silentThread(t)
		kernel.unread = len(request) - wire.HeaderBytes // and nothing of the next one
		th.receives(c, request[:split])
		if split < wire.HeaderBytes {
			th.receives(c, request[split:wire.HeaderBytes])
		}
		th.receives(c, append(request[wire.HeaderBytes:], request...))
		if c.inFlight != 1 || c.phase != answering {
			t.Errorf("split at %d: %d requests in flight, phase %d", split, c.inFlight, c.phase)
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
