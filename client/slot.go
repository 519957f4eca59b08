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
// makes a new one when the last is lost.
type slot struct {
	// load is the number of vectors outstanding on the connection, or noRoom.
	// Every call reads it; a goroutine that holds the link's mu writes it. No other
	// field shares its cache line or the next one.
	load atomic.Int64
	_    [120]byte

	client   *Client
	addr     string
	link     atomic.Pointer[link] // nil when not connected
	retryNow chan struct{}        // room for one: ends the pause before the next attempt

	// failed is the error of the last attempt to connect. It is nil before the first
	// attempt has failed. It is nil again from the loss of the Client's last useful
	// connection until a later attempt has failed. Guarded by Client.mu.
	failed error
}

func newSlot(c *Client, addr string) *slot {
	s := &slot{client: c, addr: addr, retryNow: make(chan struct{}, 1)}
	s.load.Store(noRoom)
	return s
}

// keep connects, and reconnects whenever the connection is lost: at once if the
// connection was useful, else after a delay that doubles with each attempt.
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

// pause waits for a random time between half of delay and delay, so that clients that
// lost the same server do not reconnect at the same moment. It returns false if the
// Client is closed.
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

// attempt connects once and returns when the connection is lost. It reports whether
// the connection was useful: it brought an answer, or it lasted longer than maxDelay
// and did not end by a stall. again says that the attempt before was not useful.
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

// notConnected records that an attempt to connect has failed with err.
func (c *Client) notConnected(s *slot, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.failed = err
	if c.unavailable() != nil {
		c.unblockDial()
	}
	c.placePending()
}

// connected puts l into its slot; from then on l takes requests. It returns false if
// the Client is closed.
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

// lost removes l, whose loops have ended with err, from its slot and resends its
// requests over other connections. If neither this attempt nor the one before was
// useful, the attempt counts as failed.
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

// retryAllNow makes every slot attempt to connect at once, and forgets the errors of
// earlier attempts. Those may be out of date: calls fail only when every new attempt
// has failed too. mu is held.
func (c *Client) retryAllNow() {
	for _, s := range c.slots {
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
