package main

import (
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/client/tools/machine"
	"github.com/disrust/disrust/client/tools/rowfile"
)

// load returns the generator's configuration from o. The command adds what it decides itself.
func (o *options) load(requests *drive.Requests) drive.Config {
	return drive.Config{
		Addr: o.addr(), Hello: o.protocol > 1, Conns: o.conns.low, Window: o.window, Requests: requests,
		Rate: o.rate.low, Arrivals: o.arrivals, Seed: o.seed,
		Warmup: o.warmup, Stall: o.stall,
	}
}

// cycle makes the cycle of requests to send.
func (o *options) cycle() (*drive.Requests, error) {
	if o.replay == "" {
		requests, err := drive.Generate(o.format, o.mix, o.seed)
		if err != nil {
			return nil, misuse{err}
		}
		return requests, nil
	}
	rows, err := o.replayed()
	if err != nil {
		return nil, err
	}
	requests, err := drive.Replay(o.format, rows, o.mix, o.seed)
	if err != nil {
		return nil, misuse{fmt.Errorf("%s: %w", o.replay, err)}
	}
	return requests, nil
}

// maxReplayBytes bounds the size of a replayed file. Memory holds its rows twice.
const maxReplayBytes = 1 << 30

// replayed returns the rows to replay. It holds them all in memory, so that reading the file
// never delays a request.
func (o *options) replayed() ([]byte, error) {
	f, err := rowfile.Open(o.replay, o.format.Dim)
	if err != nil {
		return nil, misuse{err}
	}
	defer f.Close()
	if most := maxReplayBytes / int64(o.format.RowBytes()); f.Rows > most {
		return nil, misuse{fmt.Errorf("%s has %d rows; a replay holds up to %d in memory (score takes files of any size)", o.replay, f.Rows, most)}
	}
	if f.Rows == 0 {
		return nil, misuse{fmt.Errorf("%s holds no rows to replay", o.replay)}
	}
	rows := make([]byte, f.Rows*int64(o.format.RowBytes()))
	if _, err := io.ReadFull(f, rows); err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", o.replay, err)
	}
	return rows, nil
}

// newRun returns a Run with what is known before the run begins.
func (o *options) newRun() *result.Run {
	r := &result.Run{
		Tool: toolVersion(), Command: o.typed, Started: time.Now(),
		Parameters: result.Parameters{
			Address: o.addr(), Conns: o.conns.low, Window: o.window, Mix: o.mix.String(), Dim: o.format.Dim,
			Rate: o.rate.low, Warmup: o.warmup, Duration: o.duration,
			Verify: o.verifyName(), Protocol: o.protocol, Reconnect: o.reconnect,
		},
		Client: machine.This(),
		Server: result.ServerAt(o.addr(), o.note),
	}
	if o.server.Format.Dim > 0 {
		r.Server.Model = result.ModelOf(o.server)
	}
	if o.rate.low > 0 {
		r.Parameters.Arrivals = o.arrivals.String()
	}
	if o.replay != "" {
		r.Parameters.Mix += " of " + o.replay
	}
	return r
}

// toolVersion returns the version of this module, or "(devel)" if the build does not know it.
func toolVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
