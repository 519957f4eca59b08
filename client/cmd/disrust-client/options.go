package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"strconv"
	"time"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/wire"
)

const usage = `usage: disrust-client [flags] [port] [command]

commands
  smoke                      a few requests through the client library (default)
  pipeline                   1,000 requests of mixed sizes, sent without waiting
  bench [conns [requests]]   requests per second; 8 connections, 100000 requests
  sustain                    latencies, every second and in a summary

flags, before or after the command
  --host 127.0.0.1   --port 9900   --dim 128   --max-vectors 64
bench and sustain
  --conns 8   --window 64 (requests in flight on each)   --vectors 1 (in each request)
sustain
  --warmup 1s   --duration 10s
`

// options is the command line, complete and checked.
type options struct {
	command string
	host    string
	port    int
	format  wire.Format

	conns, window, vectors int
	requests               int // of bench
	warmup, duration       time.Duration

	stall time.Duration // without a response for so long, the server is given up
}

const (
	// maxDim keeps every partial sum of the pattern below 1<<24, where float32
	// holds all integers: sums are exact in whatever order the server adds.
	maxDim = 1 << 20
	// maxVectors is what the server takes for its own --max-vectors at most.
	maxVectors = math.MaxUint16
	// maxConns is how many ports this end has for one address.
	maxConns = math.MaxUint16
)

func (o *options) addr() string { return net.JoinHostPort(o.host, strconv.Itoa(o.port)) }

func (o *options) client() client.Config {
	return client.Config{Dim: o.format.Dim, MaxVectors: o.format.MaxVectors, DialTimeout: o.stall}
}

func parseOptions(args []string) (options, error) {
	o := options{
		host: "127.0.0.1", port: 9900, format: wire.Default,
		conns: 8, window: 64, vectors: 1, requests: 100_000,
		warmup: time.Second, duration: 10 * time.Second, stall: 10 * time.Second,
	}
	words, err := o.parseFlags(args)
	if err != nil {
		return o, err
	}
	if err := o.parseWords(words); err != nil {
		return o, err
	}
	if err := o.format.Validate(); err != nil {
		return o, err
	}
	if o.vectors > o.format.MaxVectors {
		return o, fmt.Errorf("--vectors is %d; with --max-vectors %d allowed are 1 to %[2]d", o.vectors, o.format.MaxVectors)
	}
	return o, nil
}

// parseFlags takes the flags out of args, wherever they stand, and returns the
// rest.
func (o *options) parseFlags(args []string) (words []string, err error) {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Func("host", "", func(s string) error { return setHost(&o.host, s) })
	number := func(name string, p *int, most int) {
		flags.Func(name, "", func(s string) error { return setNumber(p, s, most) })
	}
	number("port", &o.port, math.MaxUint16)
	number("dim", &o.format.Dim, maxDim)
	number("max-vectors", &o.format.MaxVectors, maxVectors)
	number("conns", &o.conns, maxConns)
	number("window", &o.window, 65_536)
	number("vectors", &o.vectors, maxVectors)
	period := func(name string, p *time.Duration, least time.Duration) {
		flags.Func(name, "", func(s string) error { return setPeriod(p, s, least) })
	}
	period("warmup", &o.warmup, 0)
	period("duration", &o.duration, time.Millisecond)

	for {
		if err := flags.Parse(args); err != nil {
			return nil, fmt.Errorf("%w (--help lists what is allowed)", err)
		}
		if flags.NArg() == 0 {
			return words, nil
		}
		words, args = append(words, flags.Arg(0)), flags.Args()[1:]
	}
}

// parseWords reads [port] [command [conns [requests]]].
func (o *options) parseWords(words []string) error {
	if len(words) > 0 && words[0] != "" && words[0][0] >= '0' && words[0][0] <= '9' {
		if err := setNumber(&o.port, words[0], math.MaxUint16); err != nil {
			return fmt.Errorf("port is %q; %w", words[0], err)
		}
		words = words[1:]
	}
	o.command = "smoke"
	if len(words) > 0 {
		o.command, words = words[0], words[1:]
	}
	if commands[o.command] == nil {
		return fmt.Errorf("command is %q; allowed are smoke, pipeline, bench and sustain", o.command)
	}
	if o.command == "bench" && len(words) > 0 {
		if err := setNumber(&o.conns, words[0], maxConns); err != nil {
			return fmt.Errorf("conns is %q; %w", words[0], err)
		}
		words = words[1:]
	}
	if o.command == "bench" && len(words) > 0 {
		if err := setNumber(&o.requests, words[0], 1_000_000_000); err != nil {
			return fmt.Errorf("requests is %q; %w", words[0], err)
		}
		words = words[1:]
	}
	if len(words) > 0 {
		return fmt.Errorf("%q follows %s; allowed are [port] [command], and [conns [requests]] after bench", words[0], o.command)
	}
	return nil
}

// setHost refuses the empty host, which would be dialled as this machine.
func setHost(p *string, s string) error {
	if s == "" {
		return errors.New("allowed are an address and a name")
	}
	*p = s
	return nil
}

func setNumber(p *int, s string, most int) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > most {
		return fmt.Errorf("allowed are 1 to %d", most)
	}
	*p = n
	return nil
}

func setPeriod(p *time.Duration, s string, least time.Duration) error {
	const most = 24 * time.Hour
	d, err := time.ParseDuration(s)
	if err != nil || d < least || d > most {
		return fmt.Errorf("allowed are %v to %v, such as 500ms or 10s", least, most)
	}
	*p = d
	return nil
}
