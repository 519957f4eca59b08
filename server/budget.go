//go:build linux

package server

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server/internal/loop"
	"github.com/disrust/disrust/server/internal/netio"
)

// Budget is the memory of a server, in bytes: what it takes when it starts, and
// what connections may add. No peer can make the server take more. The Budget does
// not count the kernel's socket buffers (net.ipv4.tcp_rmem, tcp_wmem).
type Budget struct {
	Parts    []Part // taken at the start, or kept once taken: the blocks of connections that have ended
	Conn     uint64 // the most that one connection adds to its slot: an unfinished request and unsent answers
	MaxConns int
}

// Part is one use of memory: Count times Each bytes.
type Part struct {
	Name        string
	Count, Each uint64
	Fields      []string // the fields of the Config that set Count and Each
}

// goRuntime is what the program itself takes: its code, Go's runtime, the stacks of their threads, and
// 4 MiB of garbage, beyond which the daemon collects it. It is measured on the daemon and rounded up.
const goRuntime = 24 << 20

// Start returns the bytes that the server takes without connections.
func (b Budget) Start() (sum uint64) {
	for _, p := range b.Parts {
		sum += p.Count * p.Each
	}
	return sum
}

// Total returns the most bytes that the server takes.
func (b Budget) Total() uint64 { return b.Start() + uint64(b.MaxConns)*b.Conn }

// Budget returns the memory of a server with this Config. Errors are sentences for the
// person who chose the Config.
func (c Config) Budget() (Budget, error) {
	placement, err := c.settle(context.Background())
	if err != nil {
		return Budget{}, err
	}
	return c.budget(placement, c.IO), nil
}

// budget returns the Budget of a Config that has passed check.
func (c *Config) budget(placement BatchThreads, io IO) Budget {
	const (
		slot     = 16 // bytes of a request or response in a ring
		batch    = 24 // bytes that say for a response when it was scored
		sequence = 8  // bytes that a ring for several producers adds to each slot
	)
	each, threads := c.limits().Footprint(c.format()), uint64(c.IOThreads)
	requests := Part{"request rings", threads * uint64(c.requestShare()), slot, []string{"RequestRing"}}
	if placement == Dedicated {
		requests = Part{"request ring", uint64(c.RequestRing), slot + sequence, []string{"RequestRing"}}
	}
	parts := []Part{}
	if m, sized := c.Model.(batcher.Sized); sized {
		parts = append(parts, Part{"model", 1, uint64(m.Bytes()), []string{"Model"}})
	}
	return Budget{
		Parts: slices.Concat(parts, []Part{
			{"vectors in flight", threads, each.Pool, []string{"PoolBytes", "IOThreads"}},
			{"their scores and record", threads, each.Scores, []string{"PoolBytes", "Dim"}},
			requests,
			{"response rings", threads * uint64(c.responseSlots()), slot + batch, []string{"ResponseRing"}},
			{"receive buffers", threads, uint64(netio.ReceiveBuffers * loop.ReceiveBytes(c.format())), nil},
			{ioPart(io), threads, io.footprint(c.MaxConns), []string{"IO", "MaxConns"}},
			{"connections' slots", threads, each.Slots, []string{"MaxConns"}},
			{"stages of requests, and the slow ones", threads, each.Stages, []string{"ResponseRing"}},
			{"connections' blocks, kept for the next", threads, each.Spare, []string{"MaxVectors", "Dim"}},
			{"program and Go runtime, about", 1, goRuntime, nil},
		}, c.Beside),
		Conn:     each.Conn,
		MaxConns: c.MaxConns,
	}
}

// ioPart returns the name of the backend's part.
func ioPart(io IO) string {
	if io == IOAuto {
		return "io_uring or epoll"
	}
	return io.String()
}

// String returns the budget as a table that names fields of the Config.
func (b Budget) String() string { return b.Table(func(field string) string { return field }) }

// Table returns the budget as a table. name returns what the table's reader calls a field
// of the Config.
func (b Budget) Table(name func(field string) string) string {
	var s strings.Builder
	row := func(title, count, each, sum string, fields ...string) {
		for i, field := range fields {
			fields[i] = name(field)
		}
		line := fmt.Sprintf("%-42s %8s %9s %9s  %s", title, count, each, sum, strings.Join(fields, " "))
		s.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	s.WriteString(fmt.Sprintf("%-42s %8s %9s %9s  %s\n", "fixed memory", "count", "each", "in all", "set by"))
	for _, p := range b.Parts {
		row("  "+p.Name, fmt.Sprint(p.Count), size(p.Each), size(p.Count*p.Each), slices.Clone(p.Fields)...)
	}
	row("fixed, in all", "", "", size(b.Start()))
	row("connections, at most", fmt.Sprint(b.MaxConns), size(b.Conn), size(uint64(b.MaxConns)*b.Conn), "MaxConns", "MaxVectors", "Dim")
	row("in all, at most", "", "", size(b.Total()))
	return s.String()
}

// size formats a number of bytes for people, rounded up to two or three digits.
func size(bytes uint64) string {
	units := [...]string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	value, i := float64(bytes), 0
	for ; value >= 1000 && i < len(units)-1; i++ {
		value /= 1024
	}
	if i == 0 || value >= 10 {
		return fmt.Sprintf("%.0f %s", math.Ceil(value), units[i])
	}
	return fmt.Sprintf("%.1f %s", math.Ceil(value*10)/10, units[i])
}
