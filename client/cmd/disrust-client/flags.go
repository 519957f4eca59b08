package main

import (
	"math"
	"time"

	"github.com/disrust/disrust/client/drive"
)

// flagInfo is one flag: how help shows it, and what it sets.
type flagInfo struct {
	name, value, help string
	set               func(*options, string) error
}

// flagTable is all flags, in the order in which help lists them. What they are
// set to when not given is in defaults.
var flagTable = []flagInfo{
	{"host", "HOST", "address or name of the server (127.0.0.1)",
		func(o *options, s string) error { return setHost(&o.host, s) }},
	{"port", "PORT", "its port, also as the first word (9900)",
		func(o *options, s string) error { return setNumber(&o.port, s, math.MaxUint16) }},
	{"addr", "ADDR", "host:port or unix:PATH, instead of both",
		func(o *options, s string) error { return setAddr(&o.where, s) }},
	{"dim", "N", "features in a vector, as the server has it (128)",
		func(o *options, s string) error { return setNumber(&o.format.Dim, s, maxDim) }},
	{"max-vectors", "N", "vectors in a request at most, as the server has it (64)",
		func(o *options, s string) error { return setNumber(&o.format.MaxVectors, s, maxVectors) }},

	{"rate", "R", "requests a second (open loop), such as 500, 10k, 1.5k, 2M; for sweep a range (10k..2M)",
		func(o *options, s string) error { return setSpan(&o.rate, s, rate) }},
	{"arrivals", "A", "of an open loop: constant or poisson (constant)",
		func(o *options, s string) error { return setInto(&o.arrivals, s, drive.ParseArrivals) }},
	{"conns", "N", "connections (8); for sweep also a range, such as 1..512",
		func(o *options, s string) error { return setSpan(&o.conns, s, conns) }},
	{"window", "N", "requests in flight on each connection, in a closed loop (64)",
		func(o *options, s string) error { return setNumber(&o.window, s, 65_536) }},
	{"vectors", "MIX", "vectors in a request (1), or sizes with weights, such as 1:70,8:25,64:5",
		func(o *options, s string) error { return setInto(&o.mix, s, drive.ParseMix) }},
	{"replay", "FILE", "send the rows of a .npy or raw float32 file; of the answers only sizes are verified",
		func(o *options, s string) error { return setFile(&o.replay, s) }},
	{"seed", "N", "of the order of sizes in a mix, and of poisson arrivals (1)",
		func(o *options, s string) error { return setSeed(&o.seed, s) }},

	{"slo", "pP=T", "the bound: a percentile and how long it may be (p99.9=1ms)",
		func(o *options, s string) error { return setBound(&o.slo, s) }},
	{"step", "T", "length of each step (3s)",
		func(o *options, s string) error { return setPeriod(&o.step, s, time.Millisecond) }},
	{"warmup", "T", "not measured, before a run or each step (1s)",
		func(o *options, s string) error { return setPeriod(&o.warmup, s, 0) }},
	{"duration", "T", "length of the run (10s)",
		func(o *options, s string) error { return setPeriod(&o.duration, s, time.Millisecond) }},

	{"html", "FILE", "write a page with charts (- is standard output, also below)",
		func(o *options, s string) error { return setFile(&o.html, s) }},
	{"json", "FILE", "write everything, for report and other programs",
		func(o *options, s string) error { return setFile(&o.json, s) }},
	{"csv", "FILE", "write a line for each second or step",
		func(o *options, s string) error { return setFile(&o.csv, s) }},
	{"hdr", "FILE", "write the HdrHistogram log",
		func(o *options, s string) error { return setFile(&o.hdr, s) }},
	{"server-note", "TEXT", "say in reports what the server is",
		func(o *options, s string) error { o.note = s; return nil }},

	{"out", "FILE", "write the scores there instead of to standard output",
		func(o *options, s string) error { return setFile(&o.out, s) }},
}

const (
	serverFlags = "host port addr dim max-vectors "
	loadFlags   = "rate arrivals conns window vectors replay seed warmup "
	fileFlags   = "html json csv hdr server-note "
)
