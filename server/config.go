//go:build linux

package server

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"math/bits"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server/internal/listen"
	"github.com/disrust/disrust/server/internal/loop"
	"github.com/disrust/disrust/server/internal/waiting"
	"github.com/disrust/disrust/wire"
)

// BatchThreads says where batches are scored.
type BatchThreads int

const (
	// Auto decides by the I/O threads and by the model's cost, measured at start-up.
	Auto BatchThreads = iota
	// Inline has each I/O thread score its own requests. There is no hand-over,
	// which for cheap models costs more than the work.
	Inline
	// Dedicated has one thread score the requests of all I/O threads.
	Dedicated
)

// Wait says how a thread waits for work.
type Wait int

const (
	WaitAuto  = Wait(waiting.Auto)  // polls for as long as that has paid off lately, then sleeps
	WaitSpin  = Wait(waiting.Spin)  // never sleeps: for CPUs that do nothing else
	WaitYield = Wait(waiting.Yield) // never sleeps, lets others run in between
	WaitBlock = Wait(waiting.Block) // sleeps at once
)

// Config says what a Server serves and within which bounds. Start from
// [DefaultConfig].
type Config struct {
	Host string // address or name to listen on
	Port int    // 0: any free one

	// Listen is where to listen instead of Host and Port, if it is not empty: each
	// host:port, or unix: and the path of a Unix socket.
	Listen []string
	// Passed is sockets that listen already, as a service manager passes them, to be
	// served instead of opening any. Start duplicates them: close them once it has
	// returned, or they go on listening when the server has ended.
	Passed []*os.File

	SharePort bool           // beside another server that serves it, or in its place: for a restart without a gap
	UnixMode  fs.FileMode    // of the files of Unix sockets
	Allow     []netip.Prefix // the TCP addresses served; none: all. Others are closed on arrival

	IO           IO
	IOThreads    int // 0: half of the CPUs, or all but one if the model is costly and scored inline; at least 1
	BatchThreads BatchThreads
	Wait         Wait
	Pin          bool // each thread to a CPU of its own

	Dim        int // features a vector
	MaxVectors int // a request

	Model    string                        // its name, for people
	NewModel func() (batcher.Model, error) // called once for each batcher, which calls its own from one goroutine, and once to measure it

	PoolBytes    int // of rows in flight, an I/O thread
	RequestRing  int // slots, a power of two; shared by the I/O threads
	ResponseRing int // slots, a power of two; an I/O thread
	MaxConns     int // at once, over all I/O threads

	// 0: for ever. With the default MaxConns a connection may last a second longer,
	// with the most that may be seven.
	RequestTimeout time.Duration // for a peer to finish a request that it has begun to send
	IdleTimeout    time.Duration // for a peer that has all its answers to ask again

	DrainTimeout time.Duration // for Run: how long a drain may last
	Log          *slog.Logger  // nil: nothing is logged
}

// DefaultConfig is what the daemon starts with: the sum model on loopback.
func DefaultConfig() Config {
	return Config{
		Host:           "127.0.0.1",
		Port:           9900,
		UnixMode:       0o660,
		Dim:            wire.DefaultDim,
		MaxVectors:     wire.DefaultMaxVectors,
		Model:          "sum",
		NewModel:       func() (batcher.Model, error) { return batcher.Sum{}, nil },
		PoolBytes:      16 << 20,
		RequestRing:    1 << 16,
		ResponseRing:   1 << 13,
		MaxConns:       1 << 14,
		RequestTimeout: 10 * time.Second,
		DrainTimeout:   10 * time.Second,
		Log:            slog.New(slog.DiscardHandler),
	}
}

// ConfigError says in a sentence which value of a Config is not allowed, and what
// is.
type ConfigError struct{ err error }

func (e *ConfigError) Error() string { return e.err.Error() }

// The largest values that a Config may have.
const (
	MaxIOThreads  = 256
	MaxRingSlots  = 1 << 24
	MaxConns      = 1 << 20
	MaxMaxVectors = math.MaxUint16
	MaxTimeout    = 1000 * time.Hour
)

// addressSpace is what an I/O thread may reserve for the blocks of connections: a
// process has some hundred TiB.
const addressSpace = 1 << 43

// check fills what may be left open and says in one sentence what is wrong.
func (c *Config) check() error {
	if c.NewModel == nil {
		return errors.New("there is no model: Config.NewModel is nil")
	}
	for _, r := range []struct {
		name             string
		value, low, high int
	}{
		{"port", c.Port, 0, math.MaxUint16},
		{"io-threads", c.IOThreads, 0, MaxIOThreads},
		{"max-vectors", c.MaxVectors, 1, MaxMaxVectors},
		{"max-conns", c.MaxConns, 1, MaxConns},
		{"batch-threads", int(c.BatchThreads), int(Auto), int(Dedicated)},
		{"wait", int(c.Wait), int(WaitAuto), int(WaitBlock)},
		{"io", int(c.IO), int(IOAuto), int(IOEpoll)},
	} {
		if r.value < r.low || r.value > r.high {
			return fmt.Errorf("%s %d: %d to %d is allowed", r.name, r.value, r.low, r.high)
		}
	}
	if err := errors.Join(checkTimeout("request-timeout", c.RequestTimeout), checkTimeout("idle-timeout", c.IdleTimeout)); err != nil {
		return err
	}
	if err := c.checkListen(); err != nil {
		return err
	}
	if err := c.checkAllow(); err != nil {
		return err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if err := c.format().Validate(); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "wire: "))
	}
	return c.checkMemory()
}

func (c *Config) checkListen() error {
	if len(c.Passed) > 0 && len(c.Listen) > 0 {
		return errors.New("sockets are passed to be served: Listen may not name addresses too")
	}
	if err := listen.CheckAll(c.Listen, c.SharePort); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if c.UnixMode&^fs.ModePerm != 0 {
		return fmt.Errorf("unix-mode %#o: 0 to 0777 is allowed", uint32(c.UnixMode))
	}
	return nil
}

// listeners is where to listen, of a Config that is checked.
func (c *Config) listeners() listen.Config {
	addrs := c.Listen
	if len(addrs) == 0 {
		addrs = []string{net.JoinHostPort(c.Host, strconv.Itoa(c.Port))}
	}
	return listen.Config{Addrs: addrs, Passed: c.Passed, Threads: c.IOThreads, Share: c.SharePort, UnixMode: c.UnixMode}
}

func checkTimeout(name string, d time.Duration) error {
	if d < 0 || d > MaxTimeout {
		return fmt.Errorf("%s %s: 0 to %s is allowed", name, d, MaxTimeout)
	}
	return nil
}

// checkAllow turns ranges of IPv4 addresses that are written as IPv6 ones into
// what they are: the address of such a peer is an IPv4 one.
func (c *Config) checkAllow() error {
	const mapped = 128 - 32 // bits of the prefix ::ffff:0:0
	c.Allow = slices.Clone(c.Allow)
	for i, p := range c.Allow {
		if !p.IsValid() || p.Addr().Is4In6() && p.Bits() < mapped {
			return fmt.Errorf("allow %s: a range of IPv4 or of IPv6 addresses is allowed", p)
		}
		if p.Addr().Is4In6() {
			c.Allow[i] = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped)
		}
	}
	return nil
}

func (c *Config) checkMemory() error {
	if err := checkRing("request-ring", c.RequestRing, max(1, c.IOThreads)); err != nil {
		return err
	}
	if err := checkRing("response-ring", c.ResponseRing, 1); err != nil {
		return err
	}
	row := c.format().RowBytes()
	if c.PoolBytes/row < c.MaxVectors {
		return fmt.Errorf("a pool of %d bytes: a request of %d vectors of dim %d needs %d", c.PoolBytes, c.MaxVectors, c.Dim, c.MaxVectors*row)
	}
	if blocks := float64(c.MaxConns) * (float64(row)*float64(c.MaxVectors) + float64(2*loop.OutputBytes(c.format()))); blocks > addressSpace {
		return fmt.Errorf("max-conns %d: with max-vectors %d and dim %d they may need %s in all; %s is allowed", c.MaxConns, c.MaxVectors, c.Dim, size(uint64(blocks)), size(addressSpace))
	}
	if uint64(c.PoolBytes/row) > math.MaxUint32 {
		return fmt.Errorf("a pool of %d bytes: more than %d rows of %d bytes", c.PoolBytes, uint32(math.MaxUint32), row)
	}
	return nil
}

func checkRing(name string, slots, low int) error {
	if slots < low || slots > MaxRingSlots || slots&(slots-1) != 0 {
		return fmt.Errorf("%s %d: a power of two from %d to %d is allowed", name, slots, low, MaxRingSlots)
	}
	return nil
}

// requestShare is the slots of the request ring that are one I/O thread's: a
// power of two, so that inline it is the size of the thread's own ring.
func (c *Config) requestShare() int { return 1 << (bits.Len(uint(c.RequestRing/c.IOThreads)) - 1) }

func (c *Config) format() wire.Format { return wire.Format{Dim: c.Dim, MaxVectors: c.MaxVectors} }

// limits are the bounds of one I/O thread. Its share of the request ring, a slot
// at least, is its own, so that no thread ever waits for another's requests.
func (c *Config) limits() loop.Limits {
	row := c.format().RowBytes()
	return loop.Limits{
		Conns:             c.MaxConns,
		InFlight:          min(c.ResponseRing, c.requestShare()),
		ResponseRingBinds: c.ResponseRing <= c.requestShare(),
		PoolBytes:         c.PoolBytes / row * row,
		OutputBytes:       loop.OutputBytes(c.format()),

		RequestTicks: ticks(c.RequestTimeout),
		IdleTicks:    ticks(c.IdleTimeout),
	}
}

// ticks is a time in the unit of the I/O threads, rounded up.
func ticks(d time.Duration) uint32 { return uint32((d + loop.Tick - 1) / loop.Tick) }
