package drive

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/wire"
)

const (
	// maxDue bounds the requests of all connections that are due and unanswered.
	// Further requests wait in the schedule, which needs no memory for them. Their
	// latencies still count from when they were due.
	maxDue = 1 << 20
	// maxWait is how long a crew waits for its connections at most. A crew notices
	// this much late that the run is to end.
	maxWait = int64(20 * time.Millisecond)
	// remakeWait is maxWait while connections are being remade: how late a crew notices
	// that one stands.
	remakeWait = int64(time.Millisecond)
	// checks is how often per Stall a crew checks for stalled connections.
	checks = 8
)

// control holds what a run tells its crews.
type control struct {
	leaving  atomic.Bool // the server is going away, which ends the run
	stopping atomic.Bool // send no more, but wait for the answers in flight
	aborted  atomic.Bool // do not wait for answers
}

// clock returns the nanoseconds since the run began.
type clock struct{ origin time.Time }

func (c clock) now() int64 { return int64(time.Since(c.origin)) }

// crew is the connections that one thread serves, with their share of the schedule.
// Everything in it belongs to its driver, except meter and control.
type crew struct {
	lanes []lane
	conns []net.Conn
	meter meter
	*control
	clock

	first, stride int   // the crew serves connections first, first+stride, ...
	unfinished    int   // lanes that are not finished
	touched       []int // lanes to flush, because they may have more to write
	stopped       bool
	end           int64 // when the duration is over
	stall         int64
	nextCheck     int64 // when to check for stalled connections

	reconnect  bool
	connect    func(context.Context) (net.Conn, error) // makes a connection of the run
	hangUp     func(i int)                             // ends a connection; set by the driver, as is halfClose
	halfClose  func(i int)                             // tells the server that no request follows
	down       int                                     // connections that are being remade
	firstError error                                   // of a run that reconnects

	schedule *schedule // nil in a closed loop
	turn     int       // the connection whose request is due next
	total    int       // connections of the run
	room     int64     // requests that may still fall due before some are answered
	held     bool      // the next request is due, but there was no room
}

// number returns the number of the i-th lane's connection in errors.
func (c *crew) number(i int) int { return c.first + i*c.stride + 1 }

// touch puts a lane on the list of lanes to flush.
func (c *crew) touch(i int) {
	if l := &c.lanes[i]; !l.touched {
		l.touched = true
		c.touched = append(c.touched, i)
	}
}

// untouch returns the list of lanes to flush and empties it. The result is valid until
// the next touch.
func (c *crew) untouch() []int {
	list := c.touched
	for _, i := range list {
		c.lanes[i].touched = false
	}
	c.touched = c.touched[:0]
	return list
}

// pump gives requests that are due to their lanes.
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

// admit takes room for one request and reports whether there was room. A request that
// waited for room has no lag: the generator is not to blame for the wait.
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

// close tells the lanes that no more requests fall due.
func (c *crew) close() {
	for i := range c.lanes {
		c.lanes[i].final = true
		c.settle(i)
	}
}

// tend stops the lanes if the run must stop by now, and checks for stalled connections.
// The driver calls it with the time that it gave pump, after it has flushed the lanes
// that pump touched.
func (c *crew) tend(now int64) error {
	if !c.stopped && (now >= c.end || c.stopping.Load()) {
		c.stopAll(now)
	}
	if now < c.nextCheck {
		return nil
	}
	c.nextCheck = now + c.stall/checks
	for i := range c.lanes {
		if l := &c.lanes[i]; l.stalled(now, c.stall) {
			err := c.failed(i, fmt.Errorf("no answer for %v after %d of %s",
				time.Duration(c.stall), l.answered, counted(l.sent, "response")))
			if !c.reconnect {
				return err
			}
			c.note(err)
			c.hangUp(i)
		}
	}
	return nil
}

// stopAll stops all lanes. Requests still in the schedule that were due before now
// count as unsent too.
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

// wake returns until when the crew may wait for its connections. For a request that
// falls due, that is margin before its due time.
func (c *crew) wake(now, margin int64) int64 {
	at := now + maxWait
	if c.stopped {
		return at
	}
	if c.down > 0 {
		at = now + remakeWait
	}
	if c.schedule != nil && c.room > 0 {
		at = min(at, c.schedule.due()-margin)
	}
	return min(at, c.end)
}

// input gives a lane the bytes that its connection has received.
func (c *crew) input(i int, b []byte, now int64) error {
	l := &c.lanes[i]
	before := l.answered + l.lost
	err := l.input(b, now)
	c.room += l.answered + l.lost - before
	if err != nil {
		return c.failed(i, err)
	}
	if l.failed > 0 {
		c.note(c.failed(i, l.firstFailure))
		c.meter.fail(sample.Errors{Requests: l.failed})
		l.failed, l.firstFailure = 0, nil
	}
	if l.leaving {
		if !c.reconnect {
			c.leaving.Store(true)
			c.stopping.Store(true)
			l.stop(now)
		}
		c.depart(i)
	}
	c.settle(i)
	return nil
}

// depart leaves a server that is going away, once the lane has written what it was taking. If
// the run goes on elsewhere, the connection ends as soon as it owes no answer.
func (c *crew) depart(i int) {
	switch l := &c.lanes[i]; {
	case l.out < l.outEnd:
	case c.reconnect && l.answered == l.sent:
		c.hangUp(i)
	case !l.halfClosed:
		l.halfClosed = true
		c.halfClose(i)
	}
}

// settle counts a lane that has just finished.
func (c *crew) settle(i int) {
	if l := &c.lanes[i]; !l.over && l.finished() {
		l.over = true
		c.unfinished--
	}
}

// lost is called when a connection has ended. It returns an error if that ends the run, and
// otherwise whether the driver must remake the connection.
func (c *crew) lost(i int, cause error) (remake bool, err error) {
	l := &c.lanes[i]
	if l.over {
		return false, nil
	}
	err = c.failed(i, l.ended(cause))
	if !c.reconnect {
		return false, err
	}
	if departed := l.leaving && l.answered == l.sent; !departed {
		requests := l.sent - l.answered
		c.note(err)
		c.meter.fail(sample.Errors{Requests: requests, Lost: 1})
		c.room += requests
	}
	l.cut()
	c.settle(i)
	if l.over {
		return false, nil
	}
	c.down++
	return true, nil
}

// note keeps the first error.
func (c *crew) note(err error) {
	if c.firstError == nil {
		c.firstError = err
	}
}

const (
	firstBackoff = 10 * time.Millisecond
	lastBackoff  = 100 * time.Millisecond
)

// remake connects again until it has a connection. It gives up with an error if another
// server stands at the address, which does not fit the requests, and returns nil if ctx ends
// before. Any goroutine may call it.
func (c *crew) remake(ctx context.Context) (net.Conn, error) {
	for wait := firstBackoff; ; wait = min(2*wait, lastBackoff) {
		conn, err := c.connect(ctx)
		if err == nil {
			return conn, nil
		}
		if refused, ok := errors.AsType[*Refused](err); ok && refused.Welcome.Verdict != wire.NotNow {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, nil
		case <-time.After(wait):
		}
	}
}

// remade is called when the connection of a lane stands again.
func (c *crew) remade(i int, now int64) {
	c.down--
	c.meter.fail(sample.Errors{Reconnects: 1})
	c.lanes[i].rejoin(now)
	c.touch(i)
}

func (c *crew) failed(i int, err error) error {
	return fmt.Errorf("connection %d: %w", c.number(i), err)
}

// done reports whether the crew has nothing left to do.
func (c *crew) done() bool { return c.unfinished == 0 || c.aborted.Load() }
