//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/slab"
)

// Run serves until Stop or Abort was called and every connection is closed. It
// returns an error only if the backend's turn fails. If the model ends the goroutine, Run does
// not return, but Exited reports it.
func (t *Thread) Run() (err error) {
	defer func() {
		switch {
		case err != nil:
			t.abandon(t.ops[len(t.ops)-t.backend.Untaken():])
		case t.Exited():
			t.abandon(t.ops)
		}
	}()
	t.armWake()
	t.armAccepts()
	for !t.done() {
		events, err := t.turn()
		if err != nil {
			return err
		}
		t.events, t.handled = events, 0
		for t.handled < len(events) {
			t.handled++
			t.dispatch(&events[t.handled-1])
		}
		t.sweepTimeouts()
		t.settleSends()
		t.checkStop()
		t.takeModel()
		t.exchange()
		t.passModel()
		t.flush()
		t.armTick()
		t.count()
	}
	_, err = t.submit(false) // the last closes
	t.turned()
	t.count()
	return err
}

// turn submits the prepared operations and returns events. If there are no events and nothing
// is left to do, the thread first polls and then sleeps.
func (t *Thread) turn() ([]netio.Event, error) {
	wait := t.waiter()
	if wait == nil && !t.runAgain {
		return t.submitAndSleep()
	}
	events, err := t.submit(false)
	t.turned()
	t.arrived = t.now
	if len(events) > 0 || err != nil || t.runAgain {
		return events, err
	}
	t.times.Poll(t.now)
	if t.poll(wait) {
		t.arrived = t.clock()
		t.times.Work(t.arrived)
		events, err = t.submit(false)
		t.now = t.clock()
		return events, err
	}
	events, err = t.submitAndSleep()
	wait.Slept()
	return events, err
}

// waiter returns the Waiter for the next wait. Answers of a batch thread and requests arrive
// at different intervals, so each has its own Waiter.
func (t *Thread) waiter() Waiter {
	if t.batcher == nil && t.inFlight > 0 {
		return t.cfg.AnswerWaiter
	}
	return t.cfg.RequestWaiter
}

// poll polls until there is work or until it is time to sleep. It reports whether there
// is work.
func (t *Thread) poll(wait Waiter) bool {
	for empty := 1; ; empty++ {
		if t.backend.Pending() || t.responses.Ready() || t.stop.Load() != 0 && !t.draining {
			return true
		}
		if wait.Idle(empty) {
			return false
		}
	}
}

// submitAndSleep submits the operations and sleeps until there is an event. The answers of
// a batch thread bring no event of their own, so the thread first announces that it
// sleeps: the batch thread then signals the thread's eventfd.
//
// The turn that sleeps may also send. Its sends count as over when it begins: when it ends, the thread has slept.
func (t *Thread) submitAndSleep() (events []netio.Event, err error) {
	t.turned()
	if t.batcher != nil {
		t.times.Sleep(t.now)
		events, err = t.submit(true)
	} else {
		asleep := t.responses.Announce()
		if asleep {
			t.times.Sleep(t.now)
		}
		events, err = t.submit(asleep)
		if asleep {
			t.responses.Awake()
		}
	}
	t.now = t.clock()
	t.arrived = t.now
	t.times.Work(t.now)
	return events, err
}

func (t *Thread) submit(block bool) ([]netio.Event, error) {
	events, err := t.backend.Turn(t.ops, block)
	if err != nil {
		return nil, err // abandon needs t.ops
	}
	t.ops = t.ops[:0]
	return events, nil
}

// dispatch calls the function that handles an event.
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
		t.wakes.Add(1)
		t.armWake()
	case netio.Tick:
		t.tick()
	}
}

// exchange publishes admitted requests and collects answers until no stalled connection
// can go on. Then it arms receives that were waiting for a buffer.
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

// flush advances each connection to which something happened in this turn.
func (t *Thread) flush() {
	for i := 0; i < len(t.dirty); i++ { // advance may add to t.dirty
		if c := t.conns.Get(t.dirty[i]); c != nil {
			c.dirty = false
			t.advance(c)
		}
	}
	t.dirty = t.dirty[:0]
	if t.starved.count > 0 && t.held < netio.ReceiveBuffers {
		t.runAgain = true // a connection that ended has returned its buffer
	}
}

// markDirty adds c to the connections that flush advances at the end of the turn.
func (t *Thread) markDirty(c *conn) {
	if !c.dirty {
		c.dirty = true
		t.dirty = append(t.dirty, c.key)
	}
}

// prepare adds an operation to those that the next turn submits.
func (t *Thread) prepare(op netio.Op) { t.ops = append(t.ops, op) }

func (t *Thread) armWake() { t.prepare(netio.Op{Code: netio.Wake, FD: int32(t.cfg.WakeFD)}) }

// Wakes returns how often the eventfd has woken the thread. Any goroutine may call it. If it grows after
// a signal, the thread goes through its loop.
func (t *Thread) Wakes() uint32 { return t.wakes.Load() }
