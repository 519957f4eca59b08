//go:build linux

package server

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/disrust/disrust/server/internal/netio"
)

// Budget is the memory of a server, in bytes: what it takes when it starts, and
// what connections may add. Nothing that a peer does takes more. What the kernel
// keeps in its sockets (net.ipv4.tcp_rmem, tcp_wmem) is not the server's and is
// not counted.
type Budget struct {
	Parts    []Part // taken when the server starts, or kept once taken: the blocks of connections that have ended
	Conn     uint64 // what a connection adds at most, over its slot: an unfinished request and unsent answers
	MaxConns int
}

// Part is one use of memory: Count times Each.
type Part struct {
	Name        string
	Count, Each uint64
	Fields      []string // of the Config that set it
}

// goRuntime is what the program takes itself: its code, Go's runtime and their
// threads' stacks. Measured, and rounded up.
const goRuntime = 12 << 20

// Start is what the server takes without connections.
func (b Budget) Start() (sum uint64) {
	for _, p := range b.Parts {
		sum += p.Count * p.Each
	}
	return sum
}

// Total is what it takes at most.
func (b Budget) Total() uint64 { return b.Start() + uint64(b.MaxConns)*b.Conn }

// Budget is the memory of a server with this Config. Errors are sentences for the
// person who chose it.
func (c Config) Budget() (Budget, error) {
	placement, err := c.settle()
	if err != nil {
		return Budget{}, err
	}
	return c.budget(placement, c.IO), nil
}

// budget is that of a Config that is checked.
func (c *Config) budget(placement BatchThreads, io IO) Budget {
	const (
		slot     = 16 // bytes of a request or response in a ring
		sequence = 8  // which a ring for several producers has for each slot
	)
	each, threads := c.limits().Footprint(c.format()), uint64(c.IOThreads)
	requests := Part{"request rings", threads * uint64(c.requestShare()), slot, []string{"RequestRing"}}
	if placement == Dedicated {
		requests = Part{"request ring", uint64(c.RequestRing), slot + sequence, []string{"RequestRing"}}
	}
	return Budget{
		Parts: []Part{
			{"vectors in flight", threads, each.Pool, []string{"PoolBytes", "IOThreads"}},
			{"their scores and record", threads, each.Scores, []string{"PoolBytes", "Dim"}},
			requests,
			{"response rings", threads * uint64(c.ResponseRing), slot, []string{"ResponseRing"}},
			{"receive buffers", threads, netio.ReceiveBuffers * netio.ReceiveBytes, nil},
			{ioPart(io), threads, io.footprint(c.MaxConns), []string{"IO", "MaxConns"}},
			{"connections' slots", threads, each.Slots, []string{"MaxConns"}},
			{"connections' blocks, kept for the next", threads, each.Spare, []string{"MaxVectors", "Dim"}},
			{"program and Go runtime, about", 1, goRuntime, nil},
		},
		Conn:     each.Conn,
		MaxConns: c.MaxConns,
	}
}

// ioPart names the memory of a backend.
func ioPart(io IO) string {
	if io == IOAuto {
		return "io_uring or epoll"
	}
	return io.String()
}

// String is the budget as a table that names fields of the Config.
func (b Budget) String() string { return b.Table(func(field string) string { return field }) }

// Table is the budget as a table. name returns what its reader calls a field of the Config.
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

// size is a number of bytes for people, rounded up to three digits or so.
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
