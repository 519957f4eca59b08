package client

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/disrust/disrust/wire"
)

const (
	// DefaultWindow is how many requests a Client has in flight at most.
	DefaultWindow = 256

	maxWindow = 1 << 20
)

// Config says what Dial must know beyond the address. The zero Config fits a
// server with default settings.
type Config struct {
	Dim        int // features per vector; 0 means wire.DefaultDim
	MaxVectors int // vectors in the largest request; 0 means wire.DefaultMaxVectors
	Window     int // requests in flight on the connection; 0 means DefaultWindow

	// DialTimeout bounds the dialling beside its context; 0 means that only
	// the context and the system do.
	DialTimeout time.Duration
}

func (cfg *Config) complete() error {
	if cfg.Dim == 0 {
		cfg.Dim = wire.DefaultDim
	}
	if cfg.MaxVectors == 0 {
		cfg.MaxVectors = wire.DefaultMaxVectors
	}
	if cfg.Window == 0 {
		cfg.Window = DefaultWindow
	}
	if cfg.Window < 1 || cfg.Window > maxWindow {
		return fmt.Errorf("client: window is %d; allowed are 1 to %d", cfg.Window, maxWindow)
	}
	if err := cfg.format().Validate(); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	return nil
}

func (cfg *Config) format() wire.Format {
	return wire.Format{Dim: cfg.Dim, MaxVectors: cfg.MaxVectors}
}

// Client is one connection to a server. Make it with Dial and end it with
// Close. It may be used by any number of goroutines.
//
// Ownership: the send loop alone writes to the connection, the receive loop
// alone reads from it and alone declares it dead. What they share with callers
// is guarded by mu; a call's dst is written under mu too, so that a call that
// has left under mu is never written to again.
type Client struct {
	conn   net.Conn
	format wire.Format
	loops  sync.WaitGroup
	window chan struct{} // holds one element per request in flight
	broken chan struct{} // closed when err is set

	mu       sync.Mutex
	unsent   []byte    // requests admitted, encoded, not yet taken by the send loop
	sendable sync.Cond // unsent is not empty or err is set
	idle     sync.Cond // waiting is 0

	// Requests are numbered as they are admitted; request k lives in
	// inFlight[k % window] until it is answered.
	//
	// Invariant: answered <= taken <= admitted <= answered + window.
	inFlight                  []request
	admitted, taken, answered uint64

	waiting int   // calls with a request admitted and an answer to come
	closing bool  // Close has begun: no new calls
	err     error // why no request can be sent any more
}

// Dial connects to the server at addr, which is host:port. It returns as soon
// as the connection stands: the protocol has no handshake, so a server of
// another dim or max_vectors shows only in what it answers.
func Dial(ctx context.Context, addr string, cfg Config) (*Client, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: cfg.DialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return start(conn, cfg), nil
}

// start takes over conn. cfg is complete.
func start(conn net.Conn, cfg Config) *Client {
	c := &Client{
		conn:     conn,
		format:   cfg.format(),
		window:   make(chan struct{}, cfg.Window),
		broken:   make(chan struct{}),
		inFlight: make([]request, cfg.Window),
	}
	c.sendable.L, c.idle.L = &c.mu, &c.mu
	c.loops.Go(c.send)
	c.loops.Go(c.receive)
	return c
}

// Close ends the connection. Calls whose requests are in flight get their
// answers first, for as long as their contexts let them wait; calls that wait
// for the window and calls that come later fail with ErrClosed. When Close
// returns, the Client's goroutines are gone. It may be called again, also
// concurrently, and always returns nil.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closing = true
	for c.waiting > 0 {
		c.idle.Wait()
	}
	c.mu.Unlock()
	c.refuse(ErrClosed)
	c.conn.Close()
	c.loops.Wait()
	return nil
}
