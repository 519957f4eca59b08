//go:build linux

package iothread

import (
	"github.com/disrust/disrust/slab"
	"github.com/disrust/disrust/uring"
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
	t.armAccept()
	for !t.done() {
		completions, err := t.turn()
		if err != nil {
			return err
		}
		for i := range completions {
			t.complete(&completions[i])
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

// turn submits the prepared operations and returns completions. It waits when
// there is nothing else to do: first by looking, then asleep.
func (t *Thread) turn() ([]uring.CQE, error) {
	if t.cfg.Idle == nil && !t.sequel {
		return t.submitAndSleep()
	}
	completions, err := t.submit(false)
	if len(completions) > 0 || err != nil || t.sequel {
		return completions, err
	}
	if t.look() {
		return t.submit(false)
	}
	return t.submitAndSleep()
}

// look polls for work until it is time to sleep and reports whether there is some. For
// answers of a batch thread, which are near, it always looks: see Config.Idle.
func (t *Thread) look() bool {
	empty := 1
	if t.batcher == nil && t.inFlight > 0 {
		empty = 2
	}
	for ; ; empty++ {
		if t.kernel.Pending() || t.responses.Ready() || t.stop.Load() != 0 && !t.draining {
			return true
		}
		if t.cfg.Idle(empty) {
			return false
		}
	}
}

// submitAndSleep waits for a completion. Answers of a batch thread arrive
// without one: the thread says that it sleeps, so that they come with a wake.
func (t *Thread) submitAndSleep() ([]uring.CQE, error) {
	if t.batcher != nil {
		return t.submit(true)
	}
	asleep := t.responses.Announce()
	completions, err := t.submit(asleep)
	if asleep {
		t.responses.Awake()
	}
	return completions, err
}

func (t *Thread) submit(block bool) ([]uring.CQE, error) {
	completions, err := t.kernel.Turn(t.ops, block)
	if err != nil {
		return nil, err // abandon looks at t.ops
	}
	t.ops = t.ops[:0]
	return completions, nil
}

// complete takes one completion to whom it concerns.
func (t *Thread) complete(e *uring.CQE) {
	key, op := slab.Unpack(e.UserData)
	switch op {
	case opRecv:
		t.received(t.conns.Get(key), e)
	case opSend:
		t.refused(t.conns.Get(key), e.Res)
	case opSendRest:
		t.sentRest(t.conns.Get(key), e.Res)
	case opAccept:
		t.accepted(e)
	case opWake:
		t.armWake()
	case opTick:
		t.tick()
	}
}

// exchange publishes what was admitted and collects answers until nobody who
// waits for room can go on, and then has those receive who waited for a buffer.
func (t *Thread) exchange() {
	for {
		t.hand()
		t.collect()
		if !t.resume() {
			break
		}
	}
	t.feed()
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
	if t.starved.count > 0 && t.held < ReceiveBuffers {
		t.sequel = true // a buffer came home with a connection that ended
	}
}

// touch has flush look at c at the end of the turn.
func (t *Thread) touch(c *conn) {
	if !c.dirty {
		c.dirty = true
		t.dirty = append(t.dirty, c.key)
	}
}

// next is a cleared operation to prepare, handed over at the next turn.
func (t *Thread) next() *uring.SQE {
	t.ops = append(t.ops, uring.SQE{})
	return &t.ops[len(t.ops)-1]
}

func (t *Thread) armWake() {
	op := t.next()
	op.PrepareRead(t.cfg.WakeFD, pointer(&t.wakeBuffer), 8, 0)
	op.UserData = slab.Key(0).Pack(opWake)
}
