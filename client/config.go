package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/disrust/disrust/wire"
)

// The defaults that zero values of Config stand for.
const (
	DefaultConns        = 1
	DefaultWindow       = 256
	DefaultDialTimeout  = 5 * time.Second
	DefaultStallTimeout = 10 * time.Second
)

const (
	maxConns  = 1 << 10
	maxWindow = 1 << 20
)

// Config holds the settings of a Client. Only Addrs has no default; the defaults of
// the other fields fit a server with default settings.
type Config struct {
	// Addrs are the servers, each as host:port, or as unix: followed by the path of
	// a Unix socket. All must serve the same model. The Client looks a host name up
	// again whenever it connects.
	Addrs []string

	Conns      int // connections to each address; 0 means DefaultConns
	Window     int // requests in flight on one connection; 0 means DefaultWindow
	Dim        int // features per vector; 0 means wire.DefaultDim
	MaxVectors int // vectors in the largest request; 0 means wire.DefaultMaxVectors

	// Timeout is the longest time that a call may take from Start on, whatever its
	// context allows and whether or not a goroutine waits for it; 0 means that only
	// the context bounds the call.
	Timeout time.Duration

	// DialTimeout bounds each attempt to connect; 0 means DefaultDialTimeout.
	DialTimeout time.Duration

	// StallTimeout is how long a connection with requests in flight may stay silent
	// before the Client closes it, so that no call waits for ever behind a server
	// that hangs. 0 means DefaultStallTimeout. It must be longer than the model's
	// slowest batch. The Client may notice a stall up to a quarter of it late.
	StallTimeout time.Duration

	// Retry is how often a request may be sent again if it had been written, at
	// least in part, when its connection was lost. Scoring changes nothing on the
	// server, so the only cost is that a row may be scored twice. 0 means never: the
	// call fails with *ConnectionLost, even if the server only closed an idle
	// connection while the request was written.
	Retry int

	dial func(ctx context.Context, addr string) (net.Conn, error) // tests set it
}

func (cfg *Config) complete() error {
	cfg.Addrs = slices.Clone(cfg.Addrs)
	fill(&cfg.Conns, DefaultConns)
	fill(&cfg.Window, DefaultWindow)
	fill(&cfg.Dim, wire.DefaultDim)
	fill(&cfg.MaxVectors, wire.DefaultMaxVectors)
	fill(&cfg.DialTimeout, DefaultDialTimeout)
	fill(&cfg.StallTimeout, DefaultStallTimeout)
	if cfg.dial == nil {
		dialer := net.Dialer{Timeout: cfg.DialTimeout}
		cfg.dial = func(ctx context.Context, addr string) (net.Conn, error) {
			if path, ok := strings.CutPrefix(addr, unixPrefix); ok {
				return dialer.DialContext(ctx, "unix", path)
			}
			return dialer.DialContext(ctx, "tcp", addr)
		}
	}
	return cfg.validate()
}

func fill[T int | time.Duration](value *T, byDefault T) {
	if *value == 0 {
		*value = byDefault
	}
}

func (cfg *Config) validate() error {
	if len(cfg.Addrs) == 0 {
		return errors.New("client: no address given")
	}
	for _, addr := range cfg.Addrs {
		if err := validateAddr(addr); err != nil {
			return fmt.Errorf("client: %w", err)
		}
	}
	for _, v := range []struct {
		name    string
		is, max int
	}{{"conns", cfg.Conns, maxConns}, {"window", cfg.Window, maxWindow}} {
		if v.is < 1 || v.is > v.max {
			return fmt.Errorf("client: %s %d: a whole number from 1 to %d is allowed", v.name, v.is, v.max)
		}
	}
	if cfg.Retry < 0 || cfg.Timeout < 0 || cfg.DialTimeout < 0 || cfg.StallTimeout < 0 {
		return errors.New("client: retry and timeouts must not be negative")
	}
	if err := cfg.format().Validate(); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	return nil
}

// unixPrefix begins an address that names a Unix socket by its path.
const unixPrefix = "unix:"

func validateAddr(addr string) error {
	path, ok := strings.CutPrefix(addr, unixPrefix)
	if !ok {
		_, _, err := net.SplitHostPort(addr)
		return err
	}
	if path == "" {
		return errors.New("the address unix: has no path")
	}
	return nil
}

func (cfg *Config) format() wire.Format {
	return wire.Format{Dim: cfg.Dim, Outputs: 1, MaxVectors: cfg.MaxVectors}
}
