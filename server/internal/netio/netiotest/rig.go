//go:build linux

package netiotest

import (
	"slices"
	"time"

	"github.com/disrust/disrust/server/internal/netio"
)

// TB is what a rig needs of a test. *testing.T and *rapid.T implement it.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

const (
	// guard is the key of a tick that ends a wait which would otherwise last for ever.
	guard = 1<<56 - 1

	// patience is how many guard ticks a case waits for an event: ten seconds.
	patience = 100
)

// rig is a backend and its events that no case has claimed yet.
type rig struct {
	TB
	network
	backend netio.Backend
	events  []netio.Event
	guarded bool
	guards  int
	keys    uint64

	submitted *codes
}

// key returns a new key.
func (r *rig) key() uint64 {
	r.keys++
	return r.keys
}

// turn runs a turn with ops. It does not wait.
func (r *rig) turn(ops ...netio.Op) {
	for i := range ops {
		r.submitted[ops[i].Code] = true
	}
	r.Helper()
	r.take(r.backend.Turn(ops, false))
}

// wait runs a turn that waits for an event.
func (r *rig) wait() {
	r.Helper()
	var ops []netio.Op
	if !r.guarded {
		r.guarded = true
		ops = []netio.Op{{Code: netio.Tick, Key: guard}}
	}
	r.take(r.backend.Turn(ops, true))
}

func (r *rig) take(events []netio.Event, err error) {
	r.Helper()
	if err != nil {
		r.Fatalf("Turn: %v", err)
	}
	for _, e := range events {
		if e.Key != guard {
			r.events = append(r.events, e)
			continue
		}
		r.guarded = false
		r.guards++
	}
}

// claim removes an event from those that have come, and returns it.
func (r *rig) claim(key uint64, code netio.Code) (netio.Event, bool) {
	for i, e := range r.events {
		if e.Key == key && e.Code == code {
			r.events = slices.Delete(r.events, i, i+1)
			return e, true
		}
	}
	return netio.Event{}, false
}

// await waits for an event and claims it.
func (r *rig) await(key uint64, code netio.Code) netio.Event {
	r.Helper()
	for r.guards = 0; ; r.wait() {
		if e, ok := r.claim(key, code); ok {
			return e
		}
		if r.guards == patience {
			r.Fatalf("waited for ten seconds; events: %+v", r.events)
		}
	}
}

// expect waits for an event that must have a known outcome.
func (r *rig) expect(key uint64, code netio.Code, outcome netio.Outcome) netio.Event {
	r.Helper()
	e := r.await(key, code)
	if e.Outcome != outcome {
		r.Fatalf("event %+v: want outcome %d", e, outcome)
	}
	return e
}

// expectNone runs a few turns, which must bring no event.
func (r *rig) expectNone() {
	r.Helper()
	for range 4 {
		r.backend.Pending()
		r.turn()
	}
	if len(r.events) > 0 {
		r.Fatalf("events: %+v; want none", r.events)
	}
}

// until runs turns until a condition holds for which no event comes. Now and then a turn
// waits: work that an io_uring hands to its worker threads may become visible only then.
func (r *rig) until(what string, condition func() bool) {
	r.Helper()
	for begin, turns := time.Now(), 1; !condition(); turns++ {
		if time.Since(begin) > patience*netio.TickLength {
			r.Fatalf("waited for ten seconds: %s", what)
		}
		if turns%256 == 0 {
			r.wait()
		} else {
			r.turn()
		}
	}
}
