//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/slab"
)

// Run serves until Stop or Abort and until every connection is closed. It
// returns an error only if the kernel refuses a turn.
func (t *Thread) Run() (err error) {
	defer func() {
		if err != nil {
			t.abandon()
		}
	}()
	t.armWake()
	t.armAccepts()
	for !t.done() {
		events, err := t.turn()
		if err != nil {
			return err
		}
		for i := range events {
			t.dispatch(&events[i])
		}
		t.expire()
		t.settleSends()
		t.obey()
		t.exchange()
		t.flush()
		t.armTick()
		t.count()
	}
	_, err = t.submit(false) // the last closes
	t.count()
	return err
}

// turn submits the prepared operations and returns events. It waits when there is
// nothing else to do: it polls first, then sleeps.
func (t *Thread) turn() ([]netio.Event, error) {
	wait := t.waiter()
	if wait == nil && !t.runAgain {
		return t.submitAndSleep()
	}
	events, err := t.submit(false)
	if len(events) > 0 || err != nil || t.runAgain {
		return events, err
	}
	if t.look(wait) {
		return t.submit(false)
	}
	events, err = t.submitAndSleep()
	wait.Slept()
	return events, err
}

// waiter is how the thread waits now. Answers of a batch thread come in other gaps than
// requests do.
func (t *Thread) waiter() Waiter {
	if t.batcher == nil && t.inFlight > 0 {
		return t.cfg.AnswerWaiter
	}
	return t.cfg.RequestWaiter
}

// look polls for work until it is time to sleep and reports whether there is some.
func (t *Thread) look(wait Waiter) bool {
	for empty := 1; ; empty++ {
		if t.backend.Pending() || t.responses.Ready() || t.stop.Load() != 0 && !t.draining {
			return true
		}
		if wait.Idle(empty) {
			return false
		}
	}
}

// submitAndSleep waits for an event. Answers of a batch thread arrive
// without one: the thread says that it sleeps, so that they come with a wake.
func (t *Thread) submitAndSleep() ([]netio.Event, error) {
	if t.batcher != nil {
		return t.submit(true)
	}
	asleep := t.responses.Announce()
	events, err := t.submit(asleep)
	if asleep {
		t.responses.Awake()
	}
	return events, err
}

func (t *Thread) submit(block bool) ([]netio.Event, error) {
	events, err := t.backend.Turn(t.ops, block)
	if err != nil {
		return nil, err // abandon looks at t.ops
	}
	t.ops = t.ops[:0]
	return events, nil
}

// dispatch hands one event to the part of the machine that handles it.
func (t *Thread) dispatch(e *netio.Event) {
	switch e.Code {
	case netio.Receive:
		t.received(t.conns.Get(slab.Key(e.Key)), e)
	case netio.Send:
		t.sendShort(t.conns.Get(slab.Key(e.Key)), e)
	case netio.SendRest:
		t.sentRest(t.conns.Get(slab.Key(e.Key)), e)
	case netio.Accept:
		t.accepted(int(e.Key), e)
	case netio.Wake:
		t.armWake()
	case netio.Tick:
		t.tick()
	}
}

// exchange publishes what was admitted and collects answers until no connection that
// waits for room can go on. Then it arms receives that were waiting for a buffer.
func (t *Thread) exchange() {
	for {
		t.publish()
		t.collect()
		if !t.resume() {
			break
		}
	}
	t.armStarved()
}

// flush lets each connection that something happened to do what is next.
func (t *Thread) flush() {
	for i := 0; i < len(t.dirty); i++ { // settle may add to it
		if c := t.conns.Get(t.dirty[i]); c != nil {
			c.dirty = false
			t.settle(c)
		}
	}
	t.dirty = t.dirty[:0]
	if t.starved.count > 0 && t.held < netio.ReceiveBuffers {
		t.runAgain = true // a buffer came home with a connection that ended
	}
}

// touch has flush look at c at the end of the turn.
func (t *Thread) touch(c *conn) {
	if !c.dirty {
		c.dirty = true
		t.dirty = append(t.dirty, c.key)
	}
}

// ask adds an operation to those of the next turn.
func (t *Thread) ask(op netio.Op) { t.ops = append(t.ops, op) }

func (t *Thread) armWake() { t.ask(netio.Op{Code: netio.Wake, FD: int32(t.cfg.WakeFD)}) }
