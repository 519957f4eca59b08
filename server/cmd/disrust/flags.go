//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
)

var errHelp = flag.ErrHelp

// options are what the command line says.
type options struct {
	cfg      server.Config
	placed   bool // --host or --port was given
	poolMiB  int
	plan     bool
	metrics  bool
	interval time.Duration
}

// models are the built-in ones.
var models = map[string]func() (batcher.Model, error){
	"sum": func() (batcher.Model, error) { return batcher.Sum{}, nil },
}

var placements = map[string]server.BatchThreads{
	"auto": server.Auto, "0": server.Inline, "1": server.Dedicated,
}

var ios = map[string]server.IO{"auto": server.IOAuto, "uring": server.IOUring, "epoll": server.IOEpoll}

var waits = map[string]server.Wait{
	"auto": server.WaitAuto, "spin": server.WaitSpin, "yield": server.WaitYield, "block": server.WaitBlock,
}

// flags binds o to the command line's flags.
func flags(o *options) *flag.FlagSet {
	c := &o.cfg
	f := flag.NewFlagSet("disrust", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&c.Host, "host", c.Host, "address or name to listen on")
	f.Var(number{&c.Port, 0, math.MaxUint16}, "port", "TCP port; 0: any free one")
	f.Var(addresses{&c.Listen}, "listen", "where to listen instead of host and port: host:port or unix:PATH; may stand again")
	f.Var(permissions{&c.UnixMode}, "unix-mode", "permissions of the files of Unix sockets, octal")
	f.Var(toggle{&c.SharePort}, "share-port", "serve what another disrust serves, beside it: for a restart without a gap")
	f.Var(prefixes{&c.Allow}, "allow", "TCP addresses served, such as 10.0.0.0/8,192.168.1.7; others are closed on arrival")
	f.Var(number{&c.IOThreads, 0, server.MaxIOThreads}, "io-threads", "I/O threads; 0: half of the CPUs, or all but one for a costly model")
	f.Var(number{&c.Dim, 1, math.MaxInt32}, "dim", "features a vector")
	f.Var(number{&c.MaxVectors, 1, server.MaxMaxVectors}, "max-vectors", "vectors a request, at most")
	f.Var(choice[func() (batcher.Model, error)]{c.Model, &c.NewModel, models, "sum"}, "model", "model to serve: sum")
	f.Var(choice[server.BatchThreads]{"auto", &c.BatchThreads, placements, "auto, 0 or 1"}, "batch-threads",
		"threads that only score: 0 (the I/O threads do it), 1 or auto")
	f.Var(choice[server.IO]{"auto", &c.IO, ios, "auto, uring or epoll"}, "io",
		"how the kernel is reached: auto (io_uring, or epoll where that is not to be had), uring or epoll")
	f.Var(choice[server.Wait]{"auto", &c.Wait, waits, "auto, spin, yield or block"}, "wait",
		"how threads wait: auto (poll while that has paid off, then sleep), spin, yield or block")
	f.Var(toggle{&c.Pin}, "pin", "tie each thread to a CPU of its own; with fewer CPUs than threads, they share in turn")
	f.Var(number{&o.poolMiB, 1, maxPoolMiB}, "pool-mib", "MiB of vectors in flight, an I/O thread")
	f.Var(number{&c.RequestRing, 1, server.MaxRingSlots}, "request-ring", "requests in flight, all I/O threads; a power of two")
	f.Var(number{&c.ResponseRing, 1, server.MaxRingSlots}, "response-ring", "requests in flight, an I/O thread; a power of two")
	f.Var(number{&c.MaxConns, 1, server.MaxConns}, "max-conns", "connections at once; more are closed on arrival")
	f.Var(period{&c.RequestTimeout, 0, server.MaxTimeout}, "request-timeout", "how long a peer may take to finish a request that it has begun; 0: for ever")
	f.Var(period{&c.IdleTimeout, 0, server.MaxTimeout}, "idle-timeout", "how long a peer may ask nothing; 0: for ever")
	f.Var(period{&c.DrainTimeout, time.Millisecond, server.MaxTimeout}, "drain-timeout", "how long SIGTERM or SIGINT lets answers take")
	f.Var(toggle{&o.metrics}, "metrics", "print a line of metrics on standard output regularly")
	f.Var(period{&o.interval, time.Millisecond, server.MaxTimeout}, "metrics-interval", "time between two lines of metrics")
	f.Var(toggle{&o.plan}, "plan", "print a table of the memory that these flags take, and end")
	return f
}

const maxPoolMiB = 1 << 16

func defaults() options {
	cfg := server.DefaultConfig()
	return options{cfg: cfg, poolMiB: cfg.PoolBytes >> 20, interval: 10 * time.Second}
}

// commandLine reads a command line: flags, and up to two positional arguments
// anywhere between them. Its errors are for people.
func commandLine(args []string) (options, error) {
	o := defaults()
	f := flags(&o)
	positional, err := interleaved(f, args)
	if errors.Is(err, errHelp) {
		return o, err
	}
	if err != nil {
		return o, fmt.Errorf("%s (--help lists the flags)", oneLine(err.Error()))
	}
	if len(positional) > 0 && positional[0] == "plan" {
		o.plan, positional = true, positional[1:]
	}
	if len(positional) > 2 {
		return o, fmt.Errorf("unexpected argument %q: only io_threads and port may stand without a flag", positional[2])
	}
	for i, value := range positional {
		if err := f.Set([...]string{"io-threads", "port"}[i], value); err != nil {
			return o, fmt.Errorf("%s %q: %w", [...]string{"io_threads", "port"}[i], value, err)
		}
	}
	f.Visit(func(f *flag.Flag) { o.placed = o.placed || f.Name == "host" || f.Name == "port" })
	if o.placed && len(o.cfg.Listen) > 0 {
		return o, errors.New("--listen says where to listen: --host and --port (also as the second word) may not say it too")
	}
	o.cfg.PoolBytes = o.poolMiB << 20
	if need := (uint64(o.cfg.Dim)*uint64(o.cfg.MaxVectors)*4 + 1<<20 - 1) >> 20; uint64(o.poolMiB) < need && need <= maxPoolMiB {
		return o, fmt.Errorf("pool-mib %d: a request of %d vectors of dim %d needs %d at least", o.poolMiB, o.cfg.MaxVectors, o.cfg.Dim, need)
	}
	return o, nil
}

// oneLine writes what does not print as Go would quote it: a message may cite a
// command line with line breaks or worse.
func oneLine(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// interleaved parses flags wherever they stand and returns the other arguments.
func interleaved(f *flag.FlagSet, args []string) (positional []string, err error) {
	for {
		if err := f.Parse(args); err != nil {
			return nil, err
		}
		if args = f.Args(); len(args) == 0 {
			return positional, nil
		}
		positional, args = append(positional, args[0]), args[1:]
	}
}

func help() string {
	var b strings.Builder
	b.WriteString("disrust serves a model on TCP ports and Unix sockets.\n\n" +
		"  disrust [flags] [io_threads [port]]\n  disrust plan [flags] [io_threads [port]]   print a table of the memory it takes, and end\n\nFlags:\n")
	o := defaults()
	flags(&o).VisitAll(func(f *flag.Flag) {
		fmt.Fprintf(&b, "  --%-18s %s", f.Name, f.Usage)
		if f.DefValue != "false" && f.DefValue != "" {
			fmt.Fprintf(&b, " (%s)", f.DefValue)
		}
		b.WriteByte('\n')
	})
	return b.String()
}
