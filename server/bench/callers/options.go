//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

const usage = `usage: go run ./server/bench/callers [flags] [NAME='COMMAND {port}' ...]

Measures callers that wait for each answer, by language, against disrust, gonet
and the servers named.

  --rounds 5             runs of each kind; the table shows their medians
  --duration 500ms       of a run, after a warm-up of 200 ms
  --callers 1,2,8,64     that ask at once, each on a connection of its own
  --languages go,library,python,java,c
                         library: the Go client library of this repository
  --pause 0s             how long a caller computes between an answer and its next
                         request
`

// options are what the command line says.
type options struct {
	rounds          int
	duration, pause time.Duration
	callers         []int
	languages       []string
	servers         []server
}

// server is a server that takes part: its name and its command, in which {port} stands for
// the port.
type server struct {
	name    string
	command []string
}

// parseOptions reads a command line. Its errors are for people.
func parseOptions(args []string) (options, error) {
	o := options{rounds: 5, duration: 500 * time.Millisecond}
	callers, languages := "1,2,8,64", strings.Join(allLanguages, ",")
	f := flag.NewFlagSet("callers", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.IntVar(&o.rounds, "rounds", o.rounds, "")
	f.DurationVar(&o.duration, "duration", o.duration, "")
	f.DurationVar(&o.pause, "pause", 0, "")
	f.StringVar(&callers, "callers", callers, "")
	f.StringVar(&languages, "languages", languages, "")
	if err := f.Parse(args); err != nil {
		return o, fmt.Errorf("%w (--help lists what is allowed)", err)
	}
	if o.rounds < 1 || o.duration < time.Millisecond || o.duration > time.Hour || o.pause < 0 || o.pause > time.Second {
		return o, errors.New("--rounds must be 1 or more, --duration 1ms to 1h, --pause 0s to 1s")
	}
	return o, errors.Join(o.setCallers(callers), o.setLanguages(languages), o.setServers(f.Args()))
}

func (o *options) setCallers(list string) error {
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 10_000 {
			return fmt.Errorf("--callers: %q is not a number from 1 to 10000", s)
		}
		o.callers = append(o.callers, n)
	}
	return nil
}

func (o *options) setLanguages(list string) error {
	o.languages = strings.Split(list, ",")
	for _, name := range o.languages {
		if !slices.Contains(allLanguages, name) {
			return fmt.Errorf("--languages: %q is none of %s", name, strings.Join(allLanguages, ", "))
		}
	}
	return nil
}

func (o *options) setServers(list []string) error {
	for _, s := range list {
		name, command, found := strings.Cut(s, "=")
		words := strings.Fields(command)
		if !found || name == "" || len(words) == 0 || !strings.Contains(command, "{port}") {
			return fmt.Errorf("%q is not NAME='COMMAND {port}'", s)
		}
		o.servers = append(o.servers, server{name, words})
	}
	return nil
}
