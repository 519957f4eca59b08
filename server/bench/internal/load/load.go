// Package load drives a server of any of the peers' protocols from this process and verifies
// every response. client/drive drives servers of disrust's own protocol, in closed and open
// loops. This package drives gRPC and HTTP servers itself, in closed loops of goroutines,
// through the client libraries that people use. All record into the histograms of
// client/drive/sample.
//
// A closed loop here works like one of client/drive. Each connection keeps a window of
// requests in flight, and an answer lets the next request go. A response counts if it arrives
// after the warm-up. At the end the loop waits for the requests in flight. The first wrong or
// missing answer ends the loop with an error.
package load

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/wire"
)

// Config says how to drive a server.
type Config struct {
	Addr    string // host:port
	Conns   int
	Window  int     // requests in flight per connection, in a closed loop
	Vectors int     // per request
	Rate    float64 // requests per second over all connections; 0: a closed loop

	// Sample has the rows to send and the scores that the server's model gives them. nil:
	// rows that the model sum scores without rounding.
	Sample *Sample

	Warmup, Duration time.Duration

	// Stall is how long the server may give no answer before the loop fails.
	Stall time.Duration

	// Begin and End are called once each, in this order, around the measured time: when
	// the warm-up is over, and when the last answer has arrived. Neither is called if the
	// loop ends during the warm-up.
	Begin, End func()
}

// Func drives a server as c says, until the duration is over or ctx ends.
//
// In the total, Busy is 0 and Valid is true unless the generator has its own threads, which
// it can judge.
type Func func(ctx context.Context, c Config) (sample.Total, error)

// watch calls Begin after the warm-up, which begins now. stop cancels that or, if Begin was
// called, calls End.
func (c *Config) watch() (stop func()) {
	if c.Warmup == 0 {
		c.Begin()
		return c.End
	}
	begun := make(chan struct{})
	timer := time.AfterFunc(c.Warmup, func() {
		c.Begin()
		close(begun)
	})
	return func() {
		if !timer.Stop() {
			<-begun
			c.End()
		}
	}
}

// Wire drives a server of disrust's protocol: at c.Rate if it is not 0, else in a closed loop.
func Wire(ctx context.Context, c Config) (sample.Total, error) {
	requests, err := c.requests()
	if err != nil {
		return sample.Total{}, err
	}
	stop := func() {}
	defer func() { stop() }()
	return drive.Run(ctx, drive.Config{
		Addr: c.Addr, Conns: c.Conns, Window: c.Window, Requests: requests,
		Rate: c.Rate, Arrivals: drive.Poisson, Seed: 1,
		Warmup: c.Warmup, Duration: c.Duration, Stall: c.Stall,
		OnStart: func() { stop = c.watch() },
	})
}

// requests returns the requests of disrust's protocol.
func (c *Config) requests() (*drive.Requests, error) {
	if c.Sample == nil {
		return drive.Generate(wire.Default, drive.Uniform(c.Vectors), 1)
	}
	rows, scores, err := c.Sample.cut(c.Vectors)
	if err != nil {
		return nil, err
	}
	packed, err := binary.Append(nil, binary.LittleEndian, rows)
	if err != nil {
		return nil, err
	}
	requests, err := drive.Replay(wire.Default, packed, drive.Uniform(c.Vectors), 1)
	if err != nil {
		return nil, err
	}
	return requests.Expect(scores)
}
