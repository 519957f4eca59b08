//go:build linux

package main

import (
	"path"

	"github.com/disrust/disrust/server/bench/internal/load"
	"github.com/disrust/disrust/server/bench/internal/peer"
	"github.com/disrust/disrust/server/bench/internal/result"
)

// contender is a server that takes part, and the way to drive it.
type contender struct {
	name    string
	about   string
	command string // import path of its command
	drive   load.Func
	threads bool // the generator drives it with its own threads, in open loops too; else with a client library's goroutines
}

const peers = "github.com/disrust/disrust/server/bench/peers/"

// contenders are all servers that can take part. The others are compared with the first.
var contenders = []contender{
	{"gonet", "package net, a goroutine per connection, buffered; disrust's protocol", peers + "gonet", load.Wire, true},
	{"disrust", "the daemon of this repository", peer.Daemon, load.Wire, true},
	{"gnet", "gnet, an event loop per CPU; disrust's protocol", peers + "gnet", load.Wire, true},
	{"grpc-unary", "grpc-go, a call per request, packed floats", peers + "grpc", load.GRPCUnary, false},
	{"grpc-stream", "grpc-go, a stream per connection, packed floats", peers + "grpc", load.GRPCStream, false},
	{"http-binary", "net/http, POST with packed floats", peers + "http", load.HTTPBinary, false},
	{"http-json", "net/http, POST with JSON of the Open Inference Protocol", peers + "http", load.HTTPJSON, false},
}

// program returns the name of its file in the folder of built commands.
func (c contender) program() string { return path.Base(c.command) }

func named(list []contender) []result.Named {
	var all []result.Named
	for _, c := range list {
		all = append(all, result.Named{Name: c.name, Text: c.about})
	}
	return all
}

// notes explain the table, below it.
var notes = []string{
	"Medians [lowest-highest] over the rounds; x: the median against the first peer's.",
	"CPU ns: user and system time per request, of all threads. On loopback the sender pays for its receiver's TCP work.",
	"busy: share of its time in which the generator did not wait; of grpc and http peers, the share of all CPUs that it used.",
	"*: the generator was the bottleneck, so the server could do more. grpc and http: their client used more of the exhausted CPUs than the server.",
	"http: net/http does not pipeline, so each request in flight has a connection of its own: conns x window of them.",
	"rate: latency from when a request was due. rate:half is half of what the first peer answers to 16x64; grpc and http have closed loops only.",
}
