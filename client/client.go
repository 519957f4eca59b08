package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/disrust/disrust/wire"
)

// Client scores vectors on one or several servers. Dial makes it and Close ends
// it. Any number of goroutines may use it.
//
// Each connection has a slot. The slot's keeper, a goroutine, connects and
// reconnects. A request that finds room on a connection goes there without a lock
// of the Client. mu guards the rest: the requests that wait for room, and which
// slots are connected.
//
// Locks are taken in this order: Client.mu, link.mu, flight.mu.
type Client struct {
	cfg    Config
	format wire.Format // what all servers agree on; its MaxVectors is that of the first one
	slots  []*slot

	alive   context.Context // ends the keepers
	kill    context.CancelFunc
	keepers sync.WaitGroup

	waiting atomic.Int64 // pending.len(), for reading without mu
	asleep  atomic.Int64 // slots that sleep; written with mu held, read without it
	closing atomic.Bool  // Close has begun: no new calls
	closer  sync.Once
	ended   chan struct{} // has room for one: tells Close that some call has ended

	mu          sync.Mutex
	pending     fifo          // requests that found no room; not yet split by MaxVectors
	first       chan struct{} // closed when a slot is connected, or all have failed
	firstClosed bool          // first is closed
	forgotten   uint64        // how often retryFailed has forgotten errors
	closed      bool          // nothing is sent any more
	leaving     []*link       // links of no slot, because their servers are going away
	welcomed    bool          // asked and format hold the shape that the first welcome stated
	asked       wire.Hello    // what a welcome must state
}

// Dial connects to the servers. It returns as soon as one connection stands, in
// version 2 with its server's welcome; the Client makes the others, and all later
// ones, in the background. Version 1 has no welcome, so a server with another dim or
// max_vectors shows only in its answers.
//
// If every address has failed once, the error is *Unavailable. If ctx ends before
// that, the error wraps ctx.Err(). The Client does not use ctx after Dial has
// returned.
func Dial(ctx context.Context, cfg Config) (*Client, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	c := newClient(cfg)
	for _, s := range c.slots {
		c.keepers.Go(func() { s.keep(false) })
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
		asked:  cfg.hello(),
		ended:  make(chan struct{}, 1),
		first:  make(chan struct{}),
	}
	c.alive, c.kill = context.WithCancel(context.Background())
	for _, addr := range cfg.Addrs {
		turn := rand.IntN(1 << 16)
		for k := range cfg.Conns {
			c.slots = append(c.slots, newSlot(c, addr, turn+k))
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

// Close ends the connections. It first waits until every call started before has
// ended: with its answer, or with an error if its caller gives up or no server can
// be reached. A call started later fails with ErrClosed, unless it has another
// fault. When Close returns, the Client's goroutines have ended. Close may be
// called again, also concurrently, and always returns nil.
func (c *Client) Close() error {
	c.closer.Do(func() {
		c.closing.Store(true)
		for c.busy() {
			<-c.ended
		}
		c.kill()
		c.severAll()
		c.keepers.Wait()
	})
	return nil
}

func (c *Client) severAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.links() {
		l.sever(ErrClosed)
	}
}

// links returns the links of all connections that stand. mu is held.
func (c *Client) links() []*link {
	links := slices.Clone(c.leaving)
	for _, s := range c.slots {
		if l := s.link.Load(); l != nil {
			links = append(links, l)
		}
	}
	return links
}

// busy reports whether some call has not ended. If all have ended, busy sets
// closed, and the Client admits no further request.
func (c *Client) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending.live() || slices.ContainsFunc(c.links(), (*link).busy) {
		return true
	}
	c.closed = true
	return false
}

// wakeClose tells Close, if it has begun, that a call has ended.
func (c *Client) wakeClose() {
	if !c.closing.Load() {
		return
	}
	select {
	case c.ended <- struct{}{}:
	default: // Close has not yet received the last signal
	}
}
