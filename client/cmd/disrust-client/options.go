package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/wire"
)

// options is the command line, complete and checked.
type options struct {
	command *command
	named   bool   // rather than the default
	help    bool   // is all that is wanted
	typed   string // the command line, for reports

	host   string
	port   int
	where  string // instead of both, unless it is empty
	format wire.Format

	conns    span[int]
	rate     span[float64] // 0: closed loop
	arrivals drive.Arrivals
	window   int // 0: none, in an open loop
	mix      drive.Mix
	requests int // of bench
	replay   string
	seed     uint64

	slo                    result.Bound
	step, warmup, duration time.Duration

	html, json, csv, hdr, note string
	out                        string
	files                      []string

	stall time.Duration // without a response for so long, the server is given up
}

func defaults() *options {
	return &options{
		command: &commandTable[0],
		host:    "127.0.0.1", port: 9900, format: wire.Default,
		conns: span[int]{8, 8}, mix: drive.Uniform(1), requests: 100_000, seed: 1,
		slo:  result.Bound{Percentile: 99.9, Limit: time.Millisecond},
		step: 3 * time.Second, warmup: time.Second, duration: 10 * time.Second,
		stall: 10 * time.Second,
	}
}

func (o *options) addr() string {
	if o.where != "" {
		return o.where
	}
	return net.JoinHostPort(o.host, strconv.Itoa(o.port))
}

func (o *options) client(conns int) client.Config {
	return client.Config{
		Addrs: []string{o.addr()}, Conns: conns, Dim: o.format.Dim, MaxVectors: o.format.MaxVectors,
		DialTimeout: o.stall, StallTimeout: o.stall,
	}
}

func parseOptions(args []string) (*options, error) {
	o := defaults()
	o.typed = typed(args)
	given := make(map[string]bool)
	words, err := o.parseFlags(args, given)
	if err != nil {
		return o, err
	}
	if err := o.parseWords(words, given); err != nil || o.help {
		return o, err
	}
	for _, f := range flagTable {
		if given[f.name] && !o.command.knows(f.name) {
			return o, fmt.Errorf("%s does not know --%s (disrust-client %[1]s --help lists what it knows)", o.command.name, f.name)
		}
	}
	return o, o.complete(given)
}

// typed is a command line as a shell would take it again.
func typed(args []string) string {
	words := []string{"disrust-client"}
	for _, arg := range args {
		if arg == "" || strings.ContainsAny(arg, " \t\n\"'\\$&|;<>()*?`~#!{}[]") {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}

// parseFlags takes the flags out of args, wherever they stand, and returns the
// rest.
func (o *options) parseFlags(args []string, given map[string]bool) (words []string, err error) {
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&o.help, "help", false, "")
	flags.BoolVar(&o.help, "h", false, "")
	for _, f := range flagTable {
		flags.Func(f.name, "", func(s string) error {
			given[f.name] = true
			return f.set(o, s)
		})
	}
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

// parseWords reads [port] [command [words of the command]].
func (o *options) parseWords(words []string, given map[string]bool) error {
	if len(words) > 0 && words[0] != "" && words[0][0] >= '0' && words[0][0] <= '9' {
		if err := setNumber(&o.port, words[0], math.MaxUint16); err != nil {
			return fmt.Errorf("port is %q; %w", words[0], err)
		}
		if given["port"] {
			return errors.New("the port is given twice, as --port and as the first word")
		}
		given["port"], words = true, words[1:]
	}
	if len(words) > 0 {
		if o.command = findCommand(words[0]); o.command == nil {
			return fmt.Errorf("command is %q; allowed are %s", words[0], commandNames())
		}
		o.named, words = true, words[1:]
	}
	switch {
	case o.help:
		return nil
	case o.command.name == "bench":
		return o.parseBench(words, given)
	case o.command.name == "report" && len(words) == 0, o.command.name == "score" && len(words) != 1:
		return fmt.Errorf("after %s comes %s", o.command.name, o.command.words)
	case o.command.words == "" && len(words) > 0:
		return fmt.Errorf("%q follows %s; allowed are [port] [command], and [conns [requests]] after bench", words[0], o.command.name)
	}
	o.files = words
	return nil
}

// parseBench reads [conns [requests]].
func (o *options) parseBench(words []string, given map[string]bool) error {
	if len(words) > 0 {
		if given["conns"] {
			return errors.New("connections are given twice, as --conns and after bench")
		}
		n, err := conns(words[0])
		if err != nil {
			return fmt.Errorf("conns is %q; %w", words[0], err)
		}
		o.conns = span[int]{n, n}
	}
	if len(words) > 1 {
		if err := setNumber(&o.requests, words[1], 1_000_000_000); err != nil {
			return fmt.Errorf("requests is %q; %w", words[1], err)
		}
	}
	if len(words) > 2 {
		return fmt.Errorf("%q follows bench; allowed are [conns [requests]]", words[2])
	}
	return nil
}

// complete fills in what depends on the command and checks what goes together.
func (o *options) complete(given map[string]bool) error {
	if given["addr"] && (given["host"] || given["port"]) {
		return errors.New("--addr says where the server is: --host and --port (also as the first word) may not say it too")
	}
	if err := o.format.Validate(); err != nil {
		return err
	}
	if most := o.mix.Largest(); most > o.format.MaxVectors {
		return fmt.Errorf("--vectors has %d; with --max-vectors %d allowed are 1 to %[2]d", most, o.format.MaxVectors)
	}
	if err := o.completeLoop(given); err != nil {
		return err
	}
	return o.checkFiles()
}

func (o *options) completeLoop(given map[string]bool) error {
	swept := o.command.name == "sweep"
	switch {
	case !swept && !o.conns.single():
		return errors.New("--conns is a range; only sweep takes one")
	case !swept && !o.rate.single():
		return errors.New("--rate is a range; only sweep takes one")
	case swept && !o.conns.single() && given["rate"]:
		return errors.New("--conns is a range, and --rate is given; a sweep varies connections in a closed loop, or the rate")
	case swept && o.conns.single() && !given["rate"]:
		o.rate = span[float64]{10e3, 2e6}
	case swept && o.conns.single() && o.rate.single():
		return errors.New("--rate is a single one; a sweep takes a range, such as 10k..2M")
	}
	switch open := o.rate.low > 0; {
	case open && given["window"]:
		return errors.New("--window is of a closed loop; with a rate requests wait for nothing")
	case !open && given["arrivals"]:
		return errors.New("--arrivals are of an open loop, which needs --rate")
	case !open && !given["window"]:
		o.window = 64
	}
	return nil
}

// writesTo reports whether a run is written to the file.
func (o *options) writesTo(file string) bool {
	return o.html == file || o.json == file || o.csv == file || o.hdr == file
}

// checkFiles refuses two outputs in one file.
func (o *options) checkFiles() error {
	seen := make(map[string]bool)
	for _, name := range []string{o.html, o.json, o.csv, o.hdr} {
		if name != "" && seen[name] {
			return fmt.Errorf("%q is to be written twice; allowed is one of --html, --json, --csv and --hdr", name)
		}
		seen[name] = true
	}
	return nil
}
