//go:build linux

package main

import (
	"path"
	"path/filepath"
	"slices"

	"github.com/disrust/disrust/server/bench/internal/load"
	"github.com/disrust/disrust/server/bench/internal/peer"
	"github.com/disrust/disrust/server/bench/internal/result"
)

// contender is a server that takes part, and the way to drive it.
type contender struct {
	name    string
	about   string
	drive   load.Func
	threads bool // the generator drives it with its own threads, in open loops too; else with a client library's goroutines
	asked   bool // it takes part only if --peers names it
	sum     bool // it scores with disrust's own model, whatever --model says

	// Its program is a Go command, with flags, or what prepare makes.
	command string // import path; "": none
	flags   []string

	// prepare returns a command line, in which {port} stands for the port. Its error says why
	// this machine cannot run the server.
	prepare func(*bench) ([]string, error)
}

const peers = "github.com/disrust/disrust/server/bench/peers/"

// contenders are all servers that can take part without --model. The others are compared with
// the first.
var contenders = []contender{
	{name: "gonet", about: "package net, a goroutine per connection, buffered; disrust's protocol", command: peers + "gonet", drive: load.Wire, threads: true},
	{name: "disrust", about: "the daemon of this repository", command: peer.Daemon, drive: load.Wire, threads: true},
	{name: "gnet", about: "gnet, an event loop per CPU; disrust's protocol", command: peers + "gnet", drive: load.Wire, threads: true},
	{name: "grpc-unary", about: "grpc-go, a call per request, packed floats", command: peers + "grpc", drive: load.GRPCUnary},
	{name: "grpc-stream", about: "grpc-go, a stream per connection, packed floats", command: peers + "grpc", drive: load.GRPCStream},
	{name: "http-binary", about: "net/http, POST with packed floats", command: peers + "http", drive: load.HTTPBinary},
	{name: "http-json", about: "net/http, POST with JSON of the Open Inference Protocol", command: peers + "http", drive: load.HTTPJSON},
	{name: "floor-epoll", about: "the least that a server in C does on epoll, on one thread", prepare: floor("epoll", "1", "sleep", "sum"), drive: load.Wire, threads: true, asked: true},
	{name: "floor-spin", about: "the same, whose thread never sleeps", prepare: floor("epoll", "1", "spin", "sum"), drive: load.Wire, threads: true, asked: true},
	{name: "floor-uring", about: "the least that a server in C does on io_uring, on one thread", prepare: floor("uring", "sum"), drive: load.Wire, threads: true, asked: true},
}

// floor returns the prepare of a program in floors, which takes a port and words.
func floor(name string, words ...string) func(*bench) ([]string, error) {
	return func(b *bench) ([]string, error) {
		program, err := b.compile("floors/" + name + ".c")
		return append([]string{program, "{port}"}, words...), err
	}
}

// line returns the command line that starts c.
func (c contender) line(b *bench) ([]string, error) {
	if c.prepare != nil {
		return c.prepare(b)
	}
	line := slices.Concat([]string{filepath.Join(b.programs, path.Base(c.command)), "--port", "{port}"}, c.flags)
	if c.command == peer.Daemon {
		line = append(line, b.disrust...)
	}
	return line, nil
}

func named(list []contender) []result.Named {
	all := []result.Named{}
	for _, c := range list {
		all = append(all, result.Named{Name: c.name, Text: c.about})
	}
	return all
}

// notes explain the table, below it.
var notes = []string{
	"Medians [lowest-highest] over the rounds; x: the median against the first peer's.",
	"CPU: user and system time of all threads and processes. On loopback the sender pays for its receiver's TCP work.",
	"busy: share of its time in which the generator did not wait; of grpc and http peers, the share of all CPUs that it used.",
	"*: the generator was the bottleneck, so the server could do more. grpc and http: their client used more of the exhausted CPUs than the server.",
	"http: net/http does not pipeline, so each request in flight has a connection of its own: conns x window of them.",
	"rate: latency from when a request was due. rate:half is half of what the first peer answers to 16x64; grpc and http have closed loops only.",
}
