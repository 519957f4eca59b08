//go:build linux

package server

import (
	"context"
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
	"github.com/disrust/disrust/batcher/cost"
	"github.com/disrust/disrust/server/internal/listen"
	"github.com/disrust/disrust/server/internal/loop"
	"github.com/disrust/disrust/server/internal/waiting"
	"github.com/disrust/disrust/wire"
)

// BatchThreads says where batches are scored.
type BatchThreads int

const (
	// Auto chooses by the number of I/O threads and by the model's cost, which Start measures.
	Auto BatchThreads = iota
	// Inline makes each I/O thread score its own requests. It saves the hand-over to another
	// thread, which costs more than a cheap model's work.
	Inline
	// Dedicated makes one batch thread score the requests of all I/O threads.
	Dedicated
)

// Wait says how a thread waits for work.
type Wait int

const (
	WaitAuto  = Wait(waiting.Auto)  // polls for as long as polling has paid off lately, then sleeps
	WaitSpin  = Wait(waiting.Spin)  // never sleeps: for CPUs that do nothing else
	WaitYield = Wait(waiting.Yield) // never sleeps, but lets other threads run between polls
	WaitBlock = Wait(waiting.Block) // sleeps at once
)

func (w Wait) String() string { return waits[w] }

var waits = map[Wait]string{WaitAuto: "auto", WaitSpin: "spin", WaitYield: "yield", WaitBlock: "block"}

// Config says what a Server serves and within which bounds. Begin with
// [DefaultConfig].
type Config struct {
	Host string // address or name to listen on
	Port int    // 0: any free port

	// Listen, if it is not empty, replaces Host and Port. Each element is host:port, or
	// unix: and the path of a Unix socket.
	Listen []string
	// Passed, if it is not empty, are sockets that listen already, as a service manager
	// passes them. The server serves these and opens none. Start duplicates them: close them
	// once it has returned, or they go on listening when the server has ended.
	Passed []*os.File

	SharePort bool           // join a server that serves the address, or take over from it: for a restart without a gap
	UnixMode  fs.FileMode    // mode of the files of Unix sockets
	Allow     []netip.Prefix // TCP peers to serve; empty: all. The server closes connections of others at once

	// ProxyProtocol are the addresses of balancers. A TCP connection from one of them must begin with
	// a header of the PROXY protocol, version 1 or 2, within RequestTimeout. The peer, for Allow and
	// in logs, is then the one that the header names, if it names one. The server expects no header
	// from other addresses, nor on Unix sockets.
	ProxyProtocol []netip.Prefix

	IO           IO
	IOThreads    int // 0: half of the CPUs, or all but one if the model is costly and scored inline; at least 1
	BatchThreads BatchThreads
	Wait         Wait
	Pin          bool // pin each thread to its own CPU

	Dim        int // features per vector; 0: the model's, or wire.DefaultDim if the model takes any
	MaxVectors int // per request

	Model     batcher.Model // all threads share it; each makes a Scorer of its own
	ModelName string        // for people and for clients that ask for a name: UTF-8, at most wire.MaxNameBytes
	Identity  wire.Identity // which model it is, for clients; zero: built in

	PoolBytes    int // bytes of rows in flight, per I/O thread; as many again for their scores if a row has more of them than features
	RequestRing  int // slots, a power of two; the I/O threads share them
	ResponseRing int // slots per I/O thread, a power of two; one of them is for the news of another model
	MaxConns     int // open at once, over all I/O threads

	// Beside is memory that the rest of the program takes. The Budget counts it, and nothing else does.
	Beside []Part

	// The timeouts: 0 means none. The server may notice a timeout late: up to a second with
	// the default MaxConns, and up to seven with the largest.
	RequestTimeout time.Duration // for a peer to finish a request or hello that it has begun to send
	IdleTimeout    time.Duration // for a peer that has all its answers to send the next request

	// MaxConnAge is the age at which the server ends a connection in order, as in a drain, so that
	// clients spread over the servers that there are; 0: none. Each connection has its own, up to a
	// tenth more or less. The server may notice it as late as a timeout.
	MaxConnAge time.Duration

	// How Run and Drain end the server. DrainTimeout begins when DrainDelay and DrainSpread are over.
	DrainDelay   time.Duration // how long it serves and accepts once it is no longer Ready
	DrainSpread  time.Duration // over how long a drain spreads the ends of connections
	DrainTimeout time.Duration // how long a drain may last

	// Log is where the server logs; nil: slog.Default(), as the failures of a model would
	// otherwise close connections without a word. A logger with slog.DiscardHandler silences
	// the server.
	//
	// No thread waits for Log. Up to 256 lines wait while its handler blocks; the server loses
	// more, counts them (LinesLost), and says how many once the handler goes on. At its end
	// the server gives the handler a second to take what waits. A handler that never returns
	// keeps a goroutine.
	Log *slog.Logger

	shape batcher.Shape // of the model, once check has seen it
	cost  cost.Cost     // of the model, once place has measured it; zero: it has not
}

// DefaultConfig returns the daemon's defaults: the sum model on loopback.
func DefaultConfig() Config {
	return Config{
		Host:           "127.0.0.1",
		Port:           9900,
		UnixMode:       0o660,
		MaxVectors:     wire.DefaultMaxVectors,
		Model:          batcher.Sum{},
		ModelName:      "sum",
		PoolBytes:      16 << 20,
		RequestRing:    1 << 16,
		ResponseRing:   1 << 13,
		MaxConns:       1 << 14,
		RequestTimeout: 10 * time.Second,
		DrainTimeout:   10 * time.Second,
	}
}

// addressSpace is the most address space, in bytes, that an I/O thread may reserve for the
// blocks of connections. A process has some hundred TiB.
const addressSpace = 1 << 43

// check fills in what a caller may leave open, and checks the rest. Its error is one
// sentence.
func (c *Config) check(ctx context.Context) error {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	checkModel := func() error { return c.checkModel(ctx) }
	for _, check := range []func() error{c.checkRanges, checkModel, c.checkListen, c.checkAddresses, c.checkRings, c.checkMemory} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkModel checks the model's shape, and takes the dim from it if the Config leaves it open.
func (c *Config) checkModel(ctx context.Context) (err error) {
	if c.Model == nil {
		return configError("there is no model: %v is nil", name("Model"))
	}
	if !wire.ValidName(c.ModelName) {
		return configError("%v %q: UTF-8 of at most %d bytes is allowed", name("ModelName"), c.ModelName, wire.MaxNameBytes)
	}
	c.shape, err = ask(ctx, c, func() (batcher.Shape, error) {
		shape := c.Model.Shape()
		return shape, shape.Validate()
	})
	if err != nil {
		return err
	}
	switch dim := c.shape.Dim; {
	case c.Dim == 0 && dim == 0:
		c.Dim = wire.DefaultDim
	case c.Dim == 0:
		c.Dim = dim
	case dim != 0 && dim != c.Dim:
		return configError("%v: the model %s has dim %d", setting("Dim", c.Dim), c.ModelName, dim)
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
		if c.SharePort && listen.PathBytes(addr) > listen.SharedPathBytes {
			return configError("%v %q: with %v the path of a socket may have %d bytes, and this one has %d", name("Listen"), addr, name("SharePort"),
				listen.SharedPathBytes, listen.PathBytes(addr))
		}
	}
	if c.UnixMode&^fs.ModePerm != 0 {
		return configError("%v: 0 to 0777 is allowed", setting("UnixMode", fmt.Sprintf("%#o", uint32(c.UnixMode))))
	}
	return nil
}

// listeners returns where a Config that has passed check listens.
func (c *Config) listeners() listen.Config {
	addrs := c.Listen
	if len(addrs) == 0 {
		addrs = []string{net.JoinHostPort(c.Host, strconv.Itoa(c.Port))}
	}
	return listen.Config{Addrs: addrs, Passed: c.Passed, Threads: c.IOThreads, Share: c.SharePort, UnixMode: c.UnixMode}
}

// checkAddresses checks Allow and ProxyProtocol. It turns IPv4 ranges that are written as IPv6 into
// IPv4 ranges, because the server sees such a peer's address as IPv4.
func (c *Config) checkAddresses() error {
	const mapped = 128 - 32 // bits of the prefix ::ffff:0:0
	for field, ranges := range map[string]*[]netip.Prefix{"Allow": &c.Allow, "ProxyProtocol": &c.ProxyProtocol} {
		*ranges = slices.Clone(*ranges)
		for i, p := range *ranges {
			if !p.IsValid() || p.Addr().Is4In6() && p.Bits() < mapped {
				return configError("%v: a range of IPv4 or of IPv6 addresses is allowed", setting(field, p))
			}
			if p.Addr().Is4In6() {
				(*ranges)[i] = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped)
			}
		}
	}
	return nil
}

// checkRings checks what the ranges do not say of the rings' sizes.
func (c *Config) checkRings() error {
	for _, r := range []struct {
		field      string
		slots, low int
		high       int
	}{
		{"RequestRing", c.RequestRing, max(Allowed.RequestRing.Low, c.IOThreads), Allowed.RequestRing.High},
		{"ResponseRing", c.ResponseRing, Allowed.ResponseRing.Low, Allowed.ResponseRing.High},
	} {
		if r.slots < r.low || bits.OnesCount(uint(r.slots)) != 1 {
			return configError("%v: a power of two from %d to %d is allowed", setting(r.field, r.slots), r.low, r.high)
		}
	}
	return nil
}

func (c *Config) checkMemory() error {
	f := c.format()
	if f.Validate() != nil {
		return configError("%v with %v and %d scores per vector: the largest request or response has more than %d bytes: lower %v",
			setting("MaxVectors", c.MaxVectors), setting("Dim", c.Dim), f.Outputs, wire.MaxFrameBytes, change("MaxVectors", f.VectorLimit()))
	}
	if c.poolRows() < c.MaxVectors {
		with := ""
		if f.Outputs > f.Dim {
			with = fmt.Sprintf(" with %d scores per vector", f.Outputs)
		}
		return configError("%v holds no request of %v and %v%s: raise %v", setting("PoolBytes", c.PoolBytes),
			setting("MaxVectors", c.MaxVectors), setting("Dim", c.Dim), with, change("PoolBytes", c.MaxVectors*max(f.RowBytes(), f.ScoreBytes())))
	}
	if uint64(c.poolRows()) > math.MaxUint32 {
		return configError("%v has more than %d rows of %v: lower it", setting("PoolBytes", c.PoolBytes), uint32(math.MaxUint32), setting("Dim", c.Dim))
	}
	blocks := float64(c.MaxConns) * (float64(f.RequestBytes(c.MaxVectors)) + float64(2*loop.OutputBytes(f)))
	if blocks > addressSpace {
		return configError("%v with %v and %v: the connections may need %s in all, and %s is allowed: lower one of them",
			setting("MaxConns", c.MaxConns), setting("MaxVectors", c.MaxVectors), setting("Dim", c.Dim), size(uint64(blocks)), size(addressSpace))
	}
	return nil
}

// requestShare returns how many slots of the request ring belong to one I/O thread. It is a
// power of two because inline it is the capacity of the thread's own ring.
func (c *Config) requestShare() int { return 1 << (bits.Len(uint(c.RequestRing/c.IOThreads)) - 1) }

func (c *Config) format() wire.Format {
	return wire.Format{Dim: c.Dim, Outputs: c.shape.Outputs, MaxVectors: c.MaxVectors}
}

// welcome returns the welcome to a hello without a fault.
func (c *Config) welcome() wire.Welcome {
	return wire.Welcome{Format: c.format(), Kind: c.shape.Kind, Identity: c.Identity, Model: c.ModelName}
}

// poolRows returns how many rows an I/O thread may have in flight. Neither they nor their scores
// take more than PoolBytes.
func (c *Config) poolRows() int {
	return c.PoolBytes / max(c.format().RowBytes(), c.format().ScoreBytes())
}

// responseSlots returns the slots of an I/O thread's response ring.
func (c *Config) responseSlots() int { return max(2, c.ResponseRing) }

// limits returns the bounds of one I/O thread. The thread alone uses its share of the request
// ring, which is at least a slot, so no thread waits for room that another's requests take.
func (c *Config) limits() loop.Limits {
	return loop.Limits{
		Conns:             c.MaxConns,
		InFlight:          min(max(1, c.ResponseRing-1), c.requestShare()), // a slot is for the news of another model
		ResponseRingBinds: c.ResponseRing <= c.requestShare(),
		PoolBytes:         c.poolRows() * c.format().RowBytes(),
		OutputBytes:       loop.OutputBytes(c.format()),
		Headers:           len(c.ProxyProtocol) > 0,

		RequestTicks: ticks(c.RequestTimeout),
		IdleTicks:    ticks(c.IdleTimeout),
		AgeTicks:     ticks(c.MaxConnAge),
		GraceTicks:   ticks(c.DrainTimeout),
		SpreadTicks:  ticks(c.DrainSpread),
	}
}

// ticks converts d to ticks, the I/O threads' unit of time. It rounds up.
func ticks(d time.Duration) uint32 { return uint32((d + loop.Tick - 1) / loop.Tick) }
