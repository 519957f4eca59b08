package drive

import (
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

const (
	// maxDue bounds the requests of all connections that are due and
	// unanswered. What falls due beyond it waits in the schedule, which needs no
	// memory, and its latency counts from when it was due all the same.
	maxDue = 1 << 20
	// patience is how long a crew looks at nothing but its connections: the
	// delay with which it hears that the run is to end.
	patience = int64(20 * time.Millisecond)
	// looks is how often within a stall a crew looks for stalled connections.
	looks = 8
)

// control is how a run reaches its crews.
type control struct {
	stopping atomic.Bool // send no more, await what is in flight
	aborted  atomic.Bool // await nothing
}

// clock tells the nanoseconds since the run began.
type clock struct{ origin time.Time }

func (c clock) now() int64 { return int64(time.Since(c.origin)) }

// crew is a share of the connections that one thread serves, and what it does
// when the clock says so. Everything in it belongs to its driver, but for meter
// and control.
type crew struct {
	lanes []lane
	conns []net.Conn
	meter meter
	*control
	clock

	first, stride int   // connections first, first+stride, ... are this crew's
	unfinished    int   // lanes
	touched       []int // lanes to flush: they may have more to write
	stopped       bool
	end           int64 // when the duration is over
	stall         int64
	nextLook      int64 // for stalled connections

	schedule *schedule // nil in a closed loop
	turn     int       // the connection whose request is due next
	total    int       // connections of the run
	room     int64     // requests that may become due before some are answered
	held     bool      // the next is due, but there was no room
}

// number is how errors call the i-th lane.
func (c *crew) number(i int) int { return c.first + i*c.stride + 1 }

// touch puts a lane on the list of those to flush.
func (c *crew) touch(i int) {
	if l := &c.lanes[i]; !l.touched {
		l.touched = true
		c.touched = append(c.touched, i)
	}
}

// untouch empties the list and returns it. It holds until the next touch.
func (c *crew) untouch() []int {
	list := c.touched
	for _, i := range list {
		c.lanes[i].touched = false
	}
	c.touched = c.touched[:0]
	return list
}

// pump hands requests that are due to their lanes.
func (c *crew) pump(now int64) {
	if c.schedule == nil || c.stopped {
		return
	}
	until := min(now, c.end-1)
	for c.schedule.due() <= until {
		if c.turn%c.stride == c.first {
			if !c.admit(now) {
				return
			}
			i := c.turn / c.stride
			c.lanes[i].fall(c.schedule.due())
			c.touch(i)
		}
		c.schedule.advance()
		if c.turn++; c.turn == c.total {
			c.turn = 0
		}
	}
	if c.schedule.due() == never {
		c.schedule = nil
		c.close()
	}
}

// admit takes room for one request. What waited for room was not late by the
// generator's fault.
func (c *crew) admit(now int64) bool {
	if c.room == 0 {
		c.held = true
		return false
	}
	if c.held {
		c.held = false
		for i := range c.lanes {
			c.lanes[i].freeSince = now
		}
	}
	c.room--
	return true
}

// close tells the lanes that nothing more falls due.
func (c *crew) close() {
	for i := range c.lanes {
		c.lanes[i].final = true
		c.settle(i)
	}
}

// tend ends what is to end by now. The driver calls it with the time that it
// gave pump, after it has flushed what that touched.
func (c *crew) tend(now int64) error {
	if !c.stopped && (now >= c.end || c.stopping.Load()) {
		c.stopAll(now)
	}
	if now < c.nextLook {
		return nil
	}
	c.nextLook = now + c.stall/looks
	for i := range c.lanes {
		if l := &c.lanes[i]; l.stalled(now, c.stall) {
			return c.failed(i, fmt.Errorf("no answer for %v after %d of %s",
				time.Duration(c.stall), l.answered, counted(l.sent, "response")))
		}
	}
	return nil
}

// stopAll stops all lanes. What the schedule still holds of the time before now
// is unsent as well.
func (c *crew) stopAll(now int64) {
	for i := range c.lanes {
		c.lanes[i].stop(now)
		c.settle(i)
	}
	if c.held {
		c.meter.mu.Lock()
		defer c.meter.mu.Unlock()
		for ; c.schedule.due() < min(now, c.end); c.schedule.advance() {
			if c.turn%c.stride == c.first {
				record(c.meter.latency, now-c.schedule.due(), 1)
				c.meter.unsent++
			}
			c.turn = (c.turn + 1) % c.total
		}
	}
	c.stopped = true
}

// wake returns when the clock next asks for something: for a request that is
// due, so much before.
func (c *crew) wake(now, margin int64) int64 {
	at := now + patience
	if c.stopped {
		return at
	}
	if c.schedule != nil && c.room > 0 {
		at = min(at, c.schedule.due()-margin)
	}
	return min(at, c.end)
}

// input gives a lane what came for it.
func (c *crew) input(i int, b []byte, now int64) error {
	l := &c.lanes[i]
	before := l.answered
	err := l.input(b, now)
	c.room += l.answered - before
	if err != nil {
		return c.failed(i, err)
	}
	c.settle(i)
	return nil
}

// settle notices that a lane is finished.
func (c *crew) settle(i int) {
	if l := &c.lanes[i]; !l.over && l.finished() {
		l.over = true
		c.unfinished--
	}
}

// lost accounts for a connection that ended. That is right once its lane is
// finished.
func (c *crew) lost(i int, cause error) error {
	if c.lanes[i].over {
		return nil
	}
	return c.failed(i, c.lanes[i].ended(cause))
}

func (c *crew) failed(i int, err error) error {
	return fmt.Errorf("connection %d: %w", c.number(i), err)
}

// done says whether the crew has nothing left to do.
func (c *crew) done() bool { return c.unfinished == 0 || c.aborted.Load() }
