package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
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

// Config holds the settings of a Client. Only Addrs has no default.
type Config struct {
	// Addrs are the servers, each as host:port, or as unix: followed by the path of
	// a Unix socket. All must serve the same model. The Client looks a host name up
	// again whenever it connects. If the name has several addresses, the connections
	// are spread over them, from a random one on, and an address that fails gives way
	// to the next.
	Addrs []string

	Conns  int // connections to each of Addrs; 0 means DefaultConns
	Window int // requests in flight on one connection; 0 means DefaultWindow

	// Version is the version of the protocol; 0 means 2. A version 2 server says what it
	// serves when the Client connects. Servers before version 2 need 1.
	Version int

	// These say what the Client expects. In version 2 a server that serves something else
	// refuses the connection with *Refused, and zero means whatever the first server
	// serves. In version 1 the server does not check them, zero means the default that the
	// comment names, and Kind and ModelName must be zero.
	Dim        int       // features per vector; wire.DefaultDim
	Outputs    int       // scores per vector; 1
	MaxVectors int       // vectors in the largest request; wire.DefaultMaxVectors
	Kind       wire.Kind // of the scores
	ModelName  string    // as the server knows it

	// Timeout is the longest time that a call may take from Start on, whatever its
	// context allows and whether or not a goroutine waits for it; 0 means that only
	// the context bounds the call.
	Timeout time.Duration

	// DialTimeout bounds each attempt to connect, with the lookup of the host name, all
	// addresses that the name has, and the server's welcome; 0 means DefaultDialTimeout.
	DialTimeout time.Duration

	// StallTimeout is how long a connection with requests in flight may stay silent
	// before the Client closes it, so that no call waits for ever behind a server
	// that hangs. 0 means DefaultStallTimeout. It must be longer than the model's
	// slowest batch. The Client may notice a stall up to a quarter of it late.
	StallTimeout time.Duration

	// Retry is how often a request may be sent again if it had been written, at
	// least in part, when its connection was lost. Scoring changes nothing on the
	// server, so the only cost is that a row may be scored twice. 0 means never: the
	// call fails with *ConnectionLost. In version 1 that happens even if the server
	// only closed an idle connection while the request was written. In version 2 a
	// connection that ends in order is not counted here: what the server has not
	// answered moves, at most once for each of Addrs and once more. A request whose
	// count the server does not allow is never sent again.
	Retry int

	// Tests set these.
	dial   func(ctx context.Context, addr string) (net.Conn, error)
	lookUp func(ctx context.Context, host string) ([]netip.Addr, error)
}

func (cfg *Config) complete() error {
	cfg.Addrs = slices.Clone(cfg.Addrs)
	fill(&cfg.Conns, DefaultConns)
	fill(&cfg.Window, DefaultWindow)
	fill(&cfg.Version, wire.Version)
	if cfg.Version == 1 {
		fill(&cfg.Dim, wire.DefaultDim)
		fill(&cfg.Outputs, 1)
		fill(&cfg.MaxVectors, wire.DefaultMaxVectors)
	}
	fill(&cfg.DialTimeout, DefaultDialTimeout)
	fill(&cfg.StallTimeout, DefaultStallTimeout)
	if cfg.dial == nil {
		cfg.dial = dialAddr
	}
	if cfg.lookUp == nil {
		cfg.lookUp = lookUpHost
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
	return cfg.validateModel()
}

func (cfg *Config) validateModel() error {
	if cfg.Version < 1 || cfg.Version > wire.Version {
		return fmt.Errorf("client: version %d: 1 and %d are allowed", cfg.Version, wire.Version)
	}
	if cfg.Version == 1 && (cfg.Kind != wire.Unstated || cfg.ModelName != "") {
		return errors.New("client: version 1 cannot ask for a kind of scores or a model's name")
	}
	if !wire.ValidName(cfg.ModelName) {
		return fmt.Errorf("client: the model's name %.20q: UTF-8 of at most %d bytes is allowed", cfg.ModelName, wire.MaxNameBytes)
	}
	format := wire.Format{Dim: cmp.Or(cfg.Dim, 1), Outputs: cmp.Or(cfg.Outputs, 1), MaxVectors: cmp.Or(cfg.MaxVectors, 1)}
	if err := format.Validate(); err != nil {
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

// format is the format of version 1.
func (cfg *Config) format() wire.Format {
	return wire.Format{Dim: cfg.Dim, Outputs: cfg.Outputs, MaxVectors: cfg.MaxVectors}
}

func (cfg *Config) hello() wire.Hello {
	return wire.Hello{
		Dim: uint32(cfg.Dim), Outputs: uint32(cfg.Outputs), MaxVectors: uint32(cfg.MaxVectors),
		Kind: cfg.Kind, Model: cfg.ModelName,
	}
}
