//go:build linux

package server

import (
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

// Range is what a number of a Config may be.
type Range struct{ Low, High int }

// Allowed are the ranges of a Config's numbers. It is not to be changed. PoolBytes must hold
// a request besides, and the two rings are powers of two. DrainTimeout is any time.
var Allowed = struct {
	Port, IOThreads, Dim, MaxVectors, PoolBytes, RequestRing, ResponseRing, MaxConns Range
	MaxTimeout                                                                       time.Duration // from 0 on
}{
	Port:         Range{0, math.MaxUint16},
	IOThreads:    Range{0, 256},
	Dim:          Range{1, wire.MaxDim},
	MaxVectors:   Range{1, math.MaxUint16},
	PoolBytes:    Range{1, 1 << 36},
	RequestRing:  Range{1, 1 << 24},
	ResponseRing: Range{1, 1 << 24},
	MaxConns:     Range{1, 1 << 20},
	MaxTimeout:   1000 * time.Hour,
}

// addressSpace is what an I/O thread may reserve for the blocks of connections: a
// process has some hundred TiB.
const addressSpace = 1 << 43

// check fills what may be left open and says in one sentence what is wrong.
func (c *Config) check() error {
	if c.NewModel == nil {
		return configError("there is no model: %v is nil", name("NewModel"))
	}
	for _, r := range []struct {
		field   string
		value   int
		allowed Range
	}{
		{"Port", c.Port, Allowed.Port},
		{"IOThreads", c.IOThreads, Allowed.IOThreads},
		{"Dim", c.Dim, Allowed.Dim},
		{"MaxVectors", c.MaxVectors, Allowed.MaxVectors},
		{"PoolBytes", c.PoolBytes, Allowed.PoolBytes},
		{"MaxConns", c.MaxConns, Allowed.MaxConns},
		{"BatchThreads", int(c.BatchThreads), Range{int(Auto), int(Dedicated)}},
		{"Wait", int(c.Wait), Range{int(WaitAuto), int(WaitBlock)}},
		{"IO", int(c.IO), Range{int(IOAuto), len(backends) - 1}},
	} {
		if err := r.allowed.check(r.field, r.value); err != nil {
			return err
		}
	}
	for _, check := range []func() error{c.checkTimeouts, c.checkListen, c.checkAllow, c.checkRings, c.checkMemory} {
		if err := check(); err != nil {
			return err
		}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

func (r Range) check(field string, value int) error {
	if value < r.Low || value > r.High {
		return configError("%v: a whole number from %d to %d is allowed", setting(field, value), r.Low, r.High)
	}
	return nil
}

func (c *Config) checkTimeouts() error {
	for _, t := range []struct {
		field string
		value time.Duration
	}{{"RequestTimeout", c.RequestTimeout}, {"IdleTimeout", c.IdleTimeout}} {
		if t.value < 0 || t.value > Allowed.MaxTimeout {
			return configError("%v: a duration from 0 to %v is allowed", setting(t.field, t.value), Allowed.MaxTimeout)
		}
	}
	return nil
}

func (c *Config) checkListen() error {
	if len(c.Passed) > 0 && len(c.Listen) > 0 {
		return configError("%v has sockets to serve: %v may not name addresses too", name("Passed"), name("Listen"))
	}
	if err := listen.CheckAll(c.Listen); err != nil {
		return configError("%v %v", name("Listen"), err)
	}
	for _, addr := range c.Listen {
		if c.SharePort && listen.TooLongToShare(addr) {
			return configError("%v %q: with %v the path of a socket may have %d bytes", name("Listen"), addr, name("SharePort"), listen.SharedPathBytes)
		}
	}
	if c.UnixMode&^fs.ModePerm != 0 {
		return configError("%v: 0 to 0777 is allowed", setting("UnixMode", fmt.Sprintf("%#o", uint32(c.UnixMode))))
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

// checkAllow turns ranges of IPv4 addresses that are written as IPv6 ones into
// what they are: the address of such a peer is an IPv4 one.
func (c *Config) checkAllow() error {
	const mapped = 128 - 32 // bits of the prefix ::ffff:0:0
	c.Allow = slices.Clone(c.Allow)
	for i, p := range c.Allow {
		if !p.IsValid() || p.Addr().Is4In6() && p.Bits() < mapped {
			return configError("%v: a range of IPv4 or of IPv6 addresses is allowed", setting("Allow", p))
		}
		if p.Addr().Is4In6() {
			c.Allow[i] = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped)
		}
	}
	return nil
}

func (c *Config) checkRings() error {
	for _, r := range []struct {
		field string
		slots int
		low   int
		high  int
	}{
		{"RequestRing", c.RequestRing, max(Allowed.RequestRing.Low, c.IOThreads), Allowed.RequestRing.High},
		{"ResponseRing", c.ResponseRing, Allowed.ResponseRing.Low, Allowed.ResponseRing.High},
	} {
		if r.slots < r.low || r.slots > r.high || bits.OnesCount(uint(r.slots)) != 1 {
			return configError("%v: a power of two from %d to %d is allowed", setting(r.field, r.slots), r.low, r.high)
		}
	}
	return nil
}

func (c *Config) checkMemory() error {
	f := c.format()
	if f.Validate() != nil {
		return configError("%v and %v: a request of them has more than %d bytes, the most that is allowed",
			setting("MaxVectors", c.MaxVectors), setting("Dim", c.Dim), wire.MaxFrameBytes)
	}
	row := f.RowBytes()
	if c.PoolBytes/row < c.MaxVectors {
		return configError("%v holds no request of %v and %v: raise %v", setting("PoolBytes", c.PoolBytes),
			setting("MaxVectors", c.MaxVectors), setting("Dim", c.Dim), change("PoolBytes", c.MaxVectors*row))
	}
	if uint64(c.PoolBytes/row) > math.MaxUint32 {
		return configError("%v has more than %d rows of %v: lower it", setting("PoolBytes", c.PoolBytes), uint32(math.MaxUint32), setting("Dim", c.Dim))
	}
	blocks := float64(c.MaxConns) * (float64(f.RequestBytes(c.MaxVectors)) + float64(2*loop.OutputBytes(f)))
	if blocks > addressSpace {
		return configError("%v with %v and %v: the connections may need %s in all, and %s is allowed: lower one of them",
			setting("MaxConns", c.MaxConns), setting("MaxVectors", c.MaxVectors), setting("Dim", c.Dim), size(uint64(blocks)), size(addressSpace))
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
