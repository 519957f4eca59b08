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

// slot is the place of one connection. Connections come and go in it, one at a
// time; its keeper makes them.
type slot struct {
	// load is the vectors outstanding on the connection, or noRoom. Every
	// call reads it; whoever holds the link's mu writes it. It has its cache
	// line, and the next, to itself.
	load atomic.Int64
	_    [120]byte

	client   *Client
	addr     string
	link     atomic.Pointer[link] // nil when not connected
	retryNow chan struct{}        // has room for one: do not wait any longer

	// failed is why the last attempt brought nothing. It is nil before the
	// first attempt, and from the loss of the Client's last good connection
	// until an attempt after that has failed. Guarded by Client.mu.
	failed error
}

func newSlot(c *Client, addr string) *slot {
	s := &slot{client: c, addr: addr, retryNow: make(chan struct{}, 1)}
	s.load.Store(noRoom)
	return s
}

// keep connects, and connects again whenever the connection is lost: at once
// when it was of use, else after a delay that doubles from attempt to attempt.
func (s *slot) keep() {
	delay := time.Duration(0)
	for s.pause(delay) {
		if s.attempt(delay > 0) {
			delay = 0
		} else {
			delay = min(max(2*delay, minDelay), maxDelay)
		}
	}
}

// pause waits for between half and all of delay, so that clients which lost
// the same server do not come back as one. It returns false when the Client is
// closed.
func (s *slot) pause(delay time.Duration) bool {
	if delay > 0 {
		timer := time.NewTimer(delay/2 + rand.N(delay/2))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-s.retryNow:
		case <-s.client.alive.Done():
		}
	}
	return s.client.alive.Err() == nil
}

// attempt connects once and stays until the connection is lost. It reports
// whether the connection was of use: brought an answer, or lasted, but not by
// silence alone. again says that the attempt before was of none.
func (s *slot) attempt(again bool) (useful bool) {
	c := s.client
	conn, err := c.cfg.dial(c.alive, s.addr)
	if err != nil {
		c.notConnected(s, err)
		return false
	}
	defer conn.Close()
	l, start := newLink(s, conn), time.Now()
	if !c.connected(s, l) {
		return false
	}
	err = l.run()
	useful = l.answered > 0 || !errors.Is(err, ErrStalled) && time.Since(start) > maxDelay
	c.lost(s, l, err, useful, again)
	return useful
}

// notConnected notes that an attempt to connect has failed.
func (c *Client) notConnected(s *slot, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.failed = err
	if c.unavailable() != nil {
		c.unblockDial()
	}
	c.placePending()
}

// connected gives l, which takes requests from here on, to its slot; false
// when the Client is closed.
func (c *Client) connected(s *slot, l *link) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	s.link.Store(l)
	l.mu.Lock()
	l.publishLoad()
	l.mu.Unlock()
	c.unblockDial()
	c.placePending()
	return true
}

// lost takes l, whose loops have ended with err, from its slot, and finds new
// ways for its requests. A connection that was of no use, after an attempt that
// was of none, counts as a failure.
func (c *Client) lost(s *slot, l *link, err error, useful, again bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.link.Store(nil)
	s.failed = nil
	if again && !useful {
		s.failed = &ConnectionLost{Addr: s.addr, Err: err}
	}
	if useful && !c.connectedAnywhere() {
		c.retryAllNow()
	}
	c.pending.pushFront(l.toResend(err))
	c.placePending()
}

func (c *Client) connectedAnywhere() bool {
	return slices.ContainsFunc(c.slots, func(s *slot) bool { return s.link.Load() != nil })
}

// retryAllNow has every slot try at once. What failed while there was a connection
// says little now: only when every new attempt fails too is there no hope. mu
// is held.
func (c *Client) retryAllNow() {
	for _, s := range c.slots {
		s.failed = nil
		select {
		case s.retryNow <- struct{}{}:
		default:
		}
	}
}

// open lets Dial return. mu is held.
func (c *Client) unblockDial() {
	if !c.firstClosed {
		c.firstClosed = true
		close(c.first)
	}
}

// unavailable returns an *Unavailable when every slot's last attempt brought
// nothing, else nil. mu is held.
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

// mayConnect reports whether s is connected, or has yet to try. Client.mu is
// held.
func (s *slot) mayConnect() bool { return s.link.Load() != nil || s.failed == nil }
