package main

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/wire"
)

// options holds the values of the command line, completed and checked.
type options struct {
	command *command
	named   bool   // the command line names the command
	help    bool   // show only the help
	version bool   // show only the version
	typed   string // the command line, for reports

	host     string
	port     int
	where    string // unless empty, the address of the server, instead of host and port
	protocol int
	format   wire.Format  // 0: what the server has; agree fills it in
	server   wire.Welcome // what the server says of itself, in version 2

	conns    span[int]
	rate     span[float64] // 0: a closed loop
	arrivals drive.Arrivals
	window   int // 0 in an open loop, which has no window
	mix      drive.Mix
	requests int // that bench sends
	replay   string
	verify   drive.Verify
	seed     uint64

	reconnect bool

	slo                    result.Bound
	step, warmup, duration time.Duration

	html, json, csv, hdr, note string
	out                        string
	files                      []string

	stall time.Duration // how long to wait for a response before giving up
}

func defaults() *options {
	return &options{
		command: &commandTable[0],
		host:    "127.0.0.1", port: 9900, protocol: 2,
		conns: span[int]{8, 8}, window: 64, mix: drive.Uniform(1), requests: 100_000, seed: 1,
		slo:  result.Bound{Percentile: 99, Limit: time.Millisecond},
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
		Addrs: []string{o.addr()}, Conns: conns, Version: o.protocol,
		Dim: o.format.Dim, Outputs: o.format.Outputs, MaxVectors: o.format.MaxVectors,
		DialTimeout: o.stall, StallTimeout: o.stall,
	}
}

func parseOptions(args []string) (*options, error) {
	o := defaults()
	o.typed = typed(args)
	list := o.list()
	line, err := list.Parse(args)
	if o.help = errors.Is(err, flags.ErrHelp); o.help {
		line, err = list.Parse(withoutHelp(args))
	}
	if err != nil {
		return o, err
	}
	if err := o.parseWords(list, line); err != nil || o.help {
		return o, err
	}
	for _, f := range list {
		if line.Given[f.Name] && !o.command.knows(f.Name) {
			return o, fmt.Errorf("%s does not know --%s (disrust-client %[1]s --help lists what it knows)", o.command.name, f.Name)
		}
	}
	return o, o.complete(line.Given)
}

// withoutHelp returns args without the flags that ask for help.
func withoutHelp(args []string) []string {
	return slices.DeleteFunc(slices.Clone(args), func(arg string) bool {
		return slices.Contains([]string{"--help", "-help", "--h", "-h"}, arg)
	})
}

// typed returns the command line, quoted for a shell.
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

// parseWords parses [port] [command [words of the command]].
func (o *options) parseWords(list flags.List, line flags.Line) error {
	words := line.Words
	if len(words) > 0 && words[0] != "" && words[0][0] >= '0' && words[0][0] <= '9' {
		if err := list.SetWord(line, "port", "the first word (port)", words[0]); err != nil {
			return err
		}
		words = words[1:]
	}
	switch {
	case len(words) == 0:
	case words[0] == "help" || words[0] == "version":
		o.help, o.version = words[0] == "help", words[0] == "version"
		return nil
	default:
		if o.command = findCommand(words[0]); o.command == nil {
			return list.UnknownWord(words[0], append(commandNames(), "help", "version")...)
		}
		o.named, words = true, words[1:]
	}
	switch {
	case o.help:
		return nil
	case o.command.name == "bench":
		return o.parseBench(list, line, words)
	case o.command.name == "report" && len(words) == 0, o.command.name == "score" && len(words) != 1:
		return fmt.Errorf("after %s comes %s", o.command.name, o.command.words)
	case o.command.words == "" && len(words) > 0:
		return fmt.Errorf("unexpected word %q after %s: only [port] [command], and [conns [requests]] after bench, may stand without a flag", words[0], o.command.name)
	}
	o.files = words
	return nil
}

// parseBench parses [conns [requests]].
func (o *options) parseBench(list flags.List, line flags.Line, words []string) error {
	if len(words) > 0 {
		if err := list.SetWord(line, "conns", "the first word after bench (conns)", words[0]); err != nil {
			return err
		}
	}
	if len(words) > 1 {
		if err := flags.Int(&o.requests, 1, maxRequests).Set(words[1]); err != nil {
			return fmt.Errorf("the second word after bench (requests) %s: %w", flags.OneLine(words[1]), err)
		}
	}
	if len(words) > 2 {
		return fmt.Errorf("unexpected word %q after bench [conns [requests]]", words[2])
	}
	return nil
}

// maxRequests is the most requests that bench sends.
const maxRequests = 1_000_000_000

// complete fills in what depends on the command, and checks that the options fit together.
func (o *options) complete(given map[string]bool) error {
	if given["addr"] && (given["host"] || given["port"]) {
		return errors.New("--addr says where the server is: --host and --port (also as the first word) may not be given beside it")
	}
	if err := o.completeFormat(); err != nil {
		return err
	}
	if err := o.completeLoop(given); err != nil {
		return err
	}
	if err := o.completeVerify(given); err != nil {
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
		return errors.New("--rate is a single rate; a sweep takes a range, such as 10k..2M")
	}
	switch open := o.rate.low > 0; {
	case open && given["window"]:
		return errors.New("--window is for a closed loop; with --rate, requests do not wait for answers")
	case !open && given["arrivals"]:
		return errors.New("--arrivals is for an open loop, which needs --rate")
	case open:
		o.window = 0
	}
	return nil
}

// writesTo reports whether a run is written to file.
func (o *options) writesTo(file string) bool {
	return o.html == file || o.json == file || o.csv == file || o.hdr == file
}

// checkFiles returns an error if two outputs would go to one file.
func (o *options) checkFiles() error {
	seen := make(map[string]bool)
	for _, name := range []string{o.html, o.json, o.csv, o.hdr} {
		if name != "" && seen[name] {
			return fmt.Errorf("%s would be written twice: each of --html, --json, --csv and --hdr needs its own file", name)
		}
		seen[name] = true
	}
	return nil
}
