package client

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"
)

const (
	minDelay = 10 * time.Millisecond
	maxDelay = time.Second
)

// slot is the place of one connection. It holds one connection at a time; its keeper
// makes a new one when the last has ended.
type slot struct {
	// load is the number of vectors outstanding on the connection, or noRoom.
	// Every call reads it; a goroutine that holds the link's mu writes it. No other
	// field shares its cache line or the next one.
	load atomic.Int64
	_    [120]byte

	client   *Client
	addr     string
	turn     int                    // which address of a name it prefers: see inTurn
	link     atomic.Pointer[link]   // nil when not connected
	server   atomic.Pointer[Server] // what the last server said of itself; nil before
	retryNow chan struct{}          // room for one: ends the pause before the next attempt
	needed   chan struct{}          // room for one: ends the sleep

	// Only the keeper uses these. delay is the pause before the next attempt.
	// fruitless says that the last attempt failed, or that its connection was lost
	// before it was useful.
	delay     time.Duration
	fruitless bool

	// failed is the error of the last attempt to connect. It is nil before the first
	// attempt has failed. It is nil again from the loss of the Client's last useful
	// connection until a later attempt has failed. Guarded by Client.mu.
	failed error

	// asleep says that the connection was closed in order and that no call has
	// started since. Guarded by Client.mu.
	asleep bool
}

func newSlot(c *Client, addr string, turn int) *slot {
	s := &slot{
		client: c, addr: addr, turn: turn,
		retryNow: make(chan struct{}, 1),
		needed:   make(chan struct{}, 1),
	}
	s.load.Store(noRoom)
	return s
}

// keep connects, and reconnects whenever the connection has ended. asleep says that the
// slot sleeps from the beginning. When a connection's server goes away, this keeper stays
// with the connection to its end, and another keeper takes the slot.
func (s *slot) keep(asleep bool) {
	for keeps := true; keeps && s.pause() && s.awaken(asleep); {
		asleep, keeps = s.attempt()
	}
}

// pause waits for a random time between half of delay and delay, so that clients that
// lost the same server do not reconnect at the same moment. It returns false if the
// Client is closed.
func (s *slot) pause() bool {
	if s.delay > 0 {
		timer := time.NewTimer(s.delay/2 + rand.N(s.delay/2))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-s.retryNow:
		case <-s.client.alive.Done():
		}
	}
	return s.client.alive.Err() == nil
}

// awaken waits, if the slot is asleep, until a call needs the connection. It returns
// false if the Client is closed.
func (s *slot) awaken(asleep bool) bool {
	if asleep {
		select {
		case <-s.needed:
		case <-s.client.alive.Done():
		}
	}
	return s.client.alive.Err() == nil
}

// attempt connects once and returns when the connection has ended. It reports whether the
// slot sleeps from then on, and whether the caller is still its keeper.
func (s *slot) attempt() (asleep, keeps bool) {
	c := s.client
	begun := c.fresh()
	l, err := s.connect()
	if err != nil {
		s.backOff(false)
		s.fruitless = true
		c.notConnected(s, err, begun)
		return false, true
	}
	defer l.conn.Close()
	if !c.connected(l) {
		return false, true
	}
	return c.lost(l, l.run())
}

// backOff sets the pause before the next attempt: none after a useful connection,
// else twice the last one.
func (s *slot) backOff(useful bool) {
	if useful {
		s.delay = 0
	} else {
		s.delay = min(max(2*s.delay, minDelay), maxDelay)
	}
}

// fresh returns how often errors of attempts have been forgotten.
func (c *Client) fresh() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.forgotten
}

// notConnected records that an attempt to connect has failed with err, unless the Client has
// forgotten the errors of attempts since this one was begun: then the error is out of date, too.
func (c *Client) notConnected(s *slot, err error, begun uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if begun == c.forgotten {
		s.failed = err
	}
	if c.unavailable() != nil {
		c.unblockDial()
	}
	c.placePending()
}

// connected puts l into its slot; from then on l takes requests. It returns false if
// the Client is closed.
func (c *Client) connected(l *link) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	l.slot.link.Store(l)
	l.mu.Lock()
	l.publishServer()
	l.publishLoad()
	l.mu.Unlock()
	c.unblockDial()
	c.placePending()
	return true
}

// lost is called when both loops of l have ended with err. It resends the requests of l
// over other connections. asleep and keeps are those of attempt.
func (c *Client) lost(l *link, err error) (asleep, keeps bool) {
	inOrder := l.endedInOrder(err)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending.pushFront(l.toResend(err, inOrder))
	if !l.detached {
		return c.vacate(l, err, inOrder), true
	}
	c.leaving = slices.DeleteFunc(c.leaving, func(other *link) bool { return other == l })
	c.placePending()
	return false, false
}

// leave takes l, whose server is going away, from its slot, which gets another keeper. The
// requests on l that were begun stay there.
func (c *Client) leave(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l.mu.Lock()
	l.detached = true
	l.mu.Unlock()
	c.leaving = append(c.leaving, l)
	asleep := c.vacate(l, nil, true)
	c.keepers.Go(func() { l.slot.keep(asleep) })
}

// vacate removes l from its slot and finds places for the requests that wait. It reports
// whether the slot sleeps. mu is held.
//
// A connection was useful if it brought an answer, or if it lasted longer than
// maxDelay and did not end by a stall. The second of two connections in a row that
// were lost before they were useful counts as a failed attempt. A connection that ended
// in order never does: a server closes idle connections, and if it has stopped, the
// next attempt will fail.
func (c *Client) vacate(l *link, err error, inOrder bool) (asleep bool) {
	s := l.slot
	useful := l.answered > 0 || !errors.Is(err, ErrStalled) && time.Since(l.since) > maxDelay
	fruitless := !useful && !inOrder
	s.link.Store(nil)
	s.failed = nil
	if fruitless && s.fruitless {
		s.failed = &ConnectionLost{Addr: s.addr, Err: err}
	}
	s.fruitless = fruitless
	s.backOff(useful)
	s.asleep = inOrder && c.pending.len() == 0
	if s.asleep {
		c.asleep.Add(1)
	} else if !fruitless && !c.connectedAnywhere() {
		c.retryFailed()
	}
	asleep = s.asleep
	c.placePending()
	return asleep
}

// wakeSlots ends the sleep of all slots, because a call has started. All connect, not
// only one, so that a server that was restarted gets its share of the calls again.
// mu is held.
func (c *Client) wakeSlots() {
	if c.asleep.Load() == 0 {
		return
	}
	if !c.connectedAnywhere() {
		c.retryFailed()
	}
	for _, s := range c.slots {
		if s.asleep {
			s.asleep = false
			s.needed <- struct{}{}
		}
	}
	c.asleep.Store(0)
}

func (c *Client) connectedAnywhere() bool {
	return slices.ContainsFunc(c.slots, func(s *slot) bool { return s.link.Load() != nil })
}

// retryFailed makes every slot whose last attempt has failed attempt to connect at
// once, and forgets the errors. They may be out of date: calls fail only when every new
// attempt has failed too. mu is held.
func (c *Client) retryFailed() {
	c.forgotten++
	for _, s := range c.slots {
		if s.failed == nil {
			continue
		}
		s.failed = nil
		select {
		case s.retryNow <- struct{}{}:
		default:
		}
	}
}

// unblockDial lets Dial return. mu is held.
func (c *Client) unblockDial() {
	if !c.firstClosed {
		c.firstClosed = true
		close(c.first)
	}
}

// unavailable returns an *Unavailable if no slot is connected and the last attempt of
// every slot has failed, else nil. mu is held.
func (c *Client) unavailable() error {
	if slices.ContainsFunc(c.slots, (*slot).mayConnect) {
		return nil
	}
	var reasons []error
	for ofAddr := range slices.Chunk(c.slots, c.cfg.Conns) {
		reasons = append(reasons, ofAddr[0].failed)
	}
	return &Unavailable{Errs: reasons}
}

// mayConnect reports whether s is connected or has an attempt that has not failed
// yet. Client.mu is held.
func (s *slot) mayConnect() bool { return s.link.Load() != nil || s.failed == nil }
