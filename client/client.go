package client

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/disrust/disrust/wire"
)

// Client scores vectors on one or several servers. Make it with Dial and end
// it with Close. It may be used by any number of goroutines.
//
// Each connection has a slot, whose keeper connects, and connects again. What
// finds room on a connection goes there without a lock of the Client's; mu
// guards the rest: what waits for room, and which slots are up.
//
// Locks are taken in this order: Client.mu, link.mu, flight.mu.
type Client struct {
	cfg    Config
	format wire.Format
	slots  []*slot

	alive   context.Context // ends the keepers
	kill    context.CancelFunc
	keepers sync.WaitGroup

	waiting atomic.Int64 // pending.len(), to be looked at without mu
	closing atomic.Bool  // Close has begun: no new calls
	closer  sync.Once
	ended   chan struct{} // has room for one: while closing, some call has ended

	mu          sync.Mutex
	pending     fifo          // requests that found no room; may be above MaxVectors
	first       chan struct{} // closed when a slot is up, or all have failed
	firstClosed bool          // first is closed
	closed      bool          // nothing is sent any more
}

// Dial connects to the servers. It returns as soon as one connection stands;
// the others are made in the background, as are all later ones. The protocol
// has no handshake, so a server of another dim or max_vectors shows only in
// what it answers.
//
// When every address has failed once the error is *Unavailable; when ctx ends
// before that it wraps ctx.Err(). ctx is not used once Dial has returned.
func Dial(ctx context.Context, cfg Config) (*Client, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	c := newClient(cfg)
	for _, s := range c.slots {
		c.keepers.Go(s.keep)
	}
	err := c.awaitFirst(ctx)
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func newClient(cfg Config) *Client {
	c := &Client{
		cfg:    cfg,
		format: cfg.format(),
		ended:  make(chan struct{}, 1),
		first:  make(chan struct{}),
	}
	c.alive, c.kill = context.WithCancel(context.Background())
	for _, addr := range cfg.Addrs {
		for range cfg.Conns {
			c.slots = append(c.slots, newSlot(c, addr))
		}
	}
	return c
}

func (c *Client) awaitFirst(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("client: gave up dialling: %w", ctx.Err())
	case <-c.first:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unavailable()
}

// Close ends the connections. Calls started before get their answers first,
// unless they are given up or no server can be reached; calls started later
// fail with ErrClosed, if nothing else is wrong with them. When Close returns,
// the Client's goroutines are gone. It may be called again, also concurrently,
// and always returns nil.
func (c *Client) Close() error {
	c.closer.Do(func() {
		c.closing.Store(true)
		for c.busy() {
			<-c.ended
		}
		c.kill()
		for _, s := range c.slots {
			if l := s.link.Load(); l != nil {
				l.sever(ErrClosed)
			}
		}
		c.keepers.Wait()
	})
	return nil
}

// busy reports whether some call has no answer yet. When none has, nothing is
// admitted any more.
func (c *Client) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending.live() {
		return true
	}
	for _, s := range c.slots {
		if l := s.link.Load(); l != nil && l.busy() {
			return true
		}
	}
	c.closed = true
	return false
}

// noteEnd tells Close, if it waits, that a call has ended.
func (c *Client) wakeClose() {
	if !c.closing.Load() {
		return
	}
	select {
	case c.ended <- struct{}{}:
	default: // Close has yet to look since the last one
	}
}
