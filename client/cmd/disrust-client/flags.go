package main

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/wire"
)

const (
	// maxConns is the number of ports that this end has for one address of the server.
	maxConns  = math.MaxUint16
	maxWindow = 1 << 16
	maxPeriod = 24 * time.Hour
)

// list returns all flags, in the order in which help lists them.
func (o *options) list() flags.List {
	return flags.List{
		flags.New("host", host(&o.host), "address or name of the server"),
		flags.New("port", flags.Int(&o.port, 1, math.MaxUint16), "its port, also as the first word"),
		flags.New("addr", addr(&o.where), "the server instead of --host and --port"),
		flags.New("protocol", flags.Choice(&o.protocol, strconv.Itoa(o.protocol), protocol(1), protocol(2)), "version of the protocol; in version 2 the server says what it serves"),
		flags.New("dim", flags.Int(&o.format.Dim, 0, wire.MaxDim), "features per vector; 0 is what the server has, and 128 in version 1"),
		flags.New("max-vectors", flags.Int(&o.format.MaxVectors, 0, wire.MaxVectors), "vectors per request at most; 0 is what the server allows, and 64 in version 1"),

		flags.New("rate", rates(&o.rate), "requests per second of an open loop, such as 500, 10k, 1.5k or 2M; for sweep a range, 10k..2M unless given"),
		flags.New("arrivals", flags.Choice(&o.arrivals, o.arrivals.String(), arrivals(drive.Constant), arrivals(drive.Poisson)), "arrivals of an open loop"),
		flags.New("conns", conns(&o.conns), "connections; for sweep also a range, such as 1..512"),
		flags.New("window", flags.Int(&o.window, 1, maxWindow), "requests in flight on each connection, in a closed loop"),
		flags.New("vectors", flags.Custom(&o.mix, "MIX", "a number of vectors, or sizes with weights such as 1:70,8:25,64:5",
			drive.ParseMix, drive.Mix.String), "vectors per request, or sizes with weights, such as 1:70,8:25,64:5"),
		flags.New("replay", flags.File(&o.replay), "send the rows of a .npy or raw float32 file"),
		flags.New("verify", flags.Choice(&o.verify, o.verifyName(), verifications...),
			"how scores are verified: sum (of the features), replay (as they were before the run) or frame (only how many there are); with --replay, replay unless given"),
		flags.New("seed", flags.Seed(&o.seed), "of the order of sizes in a mix, and of poisson arrivals"),
		flags.New("reconnect", flags.Toggle(&o.reconnect), "go on when connections are lost, and count errors and reconnects in each second"),

		flags.New("slo", bound(&o.slo), "the bound on latency: a percentile and how long it may be"),
		flags.New("step", flags.Duration(&o.step, time.Millisecond, maxPeriod), "length of each step"),
		flags.New("warmup", flags.Duration(&o.warmup, 0, maxPeriod), "time before a run or each step that is not measured"),
		flags.New("duration", flags.Duration(&o.duration, time.Millisecond, maxPeriod), "length of the run"),

		flags.New("html", flags.File(&o.html), "write a page with charts (- is standard output, also below)"),
		flags.New("json", flags.File(&o.json), "write everything, for report and other programs"),
		flags.New("csv", flags.File(&o.csv), "write a line for each second or step"),
		flags.New("hdr", flags.File(&o.hdr), "write the HdrHistogram log"),
		flags.New("server-note", flags.Text(&o.note, "TEXT"), "say in reports what the server is, such as its flags"),

		flags.New("out", flags.File(&o.out), "write the scores there instead of to standard output"),
	}
}

// These are the flags that several commands know.
const (
	serverFlags = "host port addr protocol dim max-vectors "
	loadFlags   = "rate arrivals conns window vectors replay verify seed warmup "
	fileFlags   = "html json csv hdr server-note "
)

func protocol(version int) flags.Option[int] {
	return flags.Option[int]{Name: strconv.Itoa(version), Value: version}
}

func arrivals(a drive.Arrivals) flags.Option[drive.Arrivals] {
	return flags.Option[drive.Arrivals]{Name: a.String(), Value: a}
}

func conns(to *span[int]) flags.Value {
	allowed := fmt.Sprintf("a whole number from 1 to %d, or a range such as 1..512,", maxConns)
	return flags.Custom(to, "N", allowed, func(s string) (span[int], error) { return parseSpan(s, parseConns) }, span[int].String)
}

func rates(to *span[float64]) flags.Value {
	return flags.Custom(to, "R", "a rate from 1 to 100M, such as 500, 10k, 1.5k or 2M, or a range such as 10k..2M,",
		func(s string) (span[float64], error) { return parseSpan(s, parseRate) }, span[float64].String)
}

func bound(to *result.Bound) flags.Value {
	allowed := fmt.Sprintf("a percentile up to p100 and a limit up to %v, such as p99.9=1ms,", longestLimit)
	return flags.Custom(to, "pP=T", allowed, parseBound, func(b result.Bound) string { return fmt.Sprintf("p%v=%v", b.Percentile, b.Limit) })
}
