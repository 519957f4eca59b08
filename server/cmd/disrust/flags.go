//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
)

var errHelp = flag.ErrHelp

// options are what the command line says.
type options struct {
	cfg      server.Config
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

var waits = map[string]server.Wait{
	"auto": server.WaitAuto, "spin": server.WaitSpin, "yield": server.WaitYield, "block": server.WaitBlock,
}

// choice is a flag with a few values.
type choice[T any] struct {
	name    string
	to      *T
	values  map[string]T
	allowed string
}

func (c choice[T]) String() string { return c.name }

func (c choice[T]) Set(s string) error {
	v, ok := c.values[s]
	if !ok {
		return errors.New(c.allowed + " is allowed")
	}
	*c.to = v
	return nil
}

// flags binds o to the command line's flags.
func flags(o *options, poolMiB *int) *flag.FlagSet {
	c := &o.cfg
	f := flag.NewFlagSet("disrust", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&c.Host, "host", c.Host, "address or name to listen on")
	f.IntVar(&c.Port, "port", c.Port, "TCP port; 0: any free one")
	f.IntVar(&c.IOThreads, "io-threads", 0, "I/O threads; 0: the CPUs less one")
	f.IntVar(&c.Dim, "dim", c.Dim, "features a vector")
	f.IntVar(&c.MaxVectors, "max-vectors", c.MaxVectors, "vectors a request, at most")
	f.Var(choice[func() (batcher.Model, error)]{c.Model, &c.NewModel, models, "sum"}, "model", "model to serve: sum")
	f.Var(choice[server.BatchThreads]{"auto", &c.BatchThreads, placements, "auto, 0 or 1"}, "batch-threads",
		"threads that only score: 0 (the I/O threads do it), 1 or auto")
	f.Var(choice[server.Wait]{"auto", &c.Wait, waits, "auto, spin, yield or block"}, "wait",
		"how threads wait: auto (look for work a little, then sleep), spin, yield or block")
	f.BoolVar(&c.Pin, "pin", false, "tie each thread to a CPU of its own")
	f.IntVar(poolMiB, "pool-mib", c.PoolBytes>>20, "MiB of vectors in flight, an I/O thread")
	f.IntVar(&c.RequestRing, "request-ring", c.RequestRing, "requests in flight, all I/O threads; a power of two")
	f.IntVar(&c.ResponseRing, "response-ring", c.ResponseRing, "requests in flight, an I/O thread; a power of two")
	f.IntVar(&c.MaxConns, "max-conns", c.MaxConns, "connections at once; more are closed on arrival")
	f.DurationVar(&c.DrainTimeout, "drain-timeout", c.DrainTimeout, "how long SIGTERM or SIGINT lets answers take")
	f.BoolVar(&o.metrics, "metrics", false, "print a line of metrics on standard output regularly")
	f.DurationVar(&o.interval, "metrics-interval", 10*time.Second, "time between two lines of metrics")
	return f
}

// commandLine reads a command line: flags, and up to two positional arguments anywhere
// between them. Its errors are for people.
func commandLine(args []string) (options, error) {
	o := options{cfg: server.DefaultConfig()}
	var poolMiB int
	f := flags(&o, &poolMiB)
	positional, err := interleaved(f, args)
	if err != nil {
		return o, err
	}
	if len(positional) > 2 {
		return o, fmt.Errorf("unexpected argument %q: only io_threads and port may stand without a flag", positional[2])
	}
	for i, to := range []*int{&o.cfg.IOThreads, &o.cfg.Port}[:len(positional)] {
		if *to, err = strconv.Atoi(positional[i]); err != nil {
			return o, fmt.Errorf("%s %q is not a number", [...]string{"io_threads", "port"}[i], positional[i])
		}
	}
	return o, o.check(poolMiB)
}

// check refuses what only the command line can get wrong.
func (o *options) check(poolMiB int) error {
	const maxPoolMiB = 1 << 16
	switch {
	case poolMiB < 1 || poolMiB > maxPoolMiB:
		return fmt.Errorf("pool-mib %d: 1 to %d are allowed", poolMiB, maxPoolMiB)
	case o.cfg.DrainTimeout <= 0:
		return fmt.Errorf("drain-timeout %s: a time above 0 is needed", o.cfg.DrainTimeout)
	case o.interval < time.Millisecond:
		return fmt.Errorf("metrics-interval %s: a time of 1ms or more is needed", o.interval)
	}
	o.cfg.PoolBytes = poolMiB << 20
	return nil
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
	b.WriteString("disrust serves a model on a TCP port.\n\n  disrust [flags] [io_threads [port]]\n\nFlags:\n")
	o := options{cfg: server.DefaultConfig()}
	var poolMiB int
	flags(&o, &poolMiB).VisitAll(func(f *flag.Flag) {
		fmt.Fprintf(&b, "  --%-18s %s", f.Name, f.Usage)
		if f.DefValue != "false" {
			fmt.Fprintf(&b, " (%s)", f.DefValue)
		}
		b.WriteByte('\n')
	})
	return b.String()
}
