// Package load drives a server of any of the peers' protocols from this process
// and verifies every response. Servers of disrust's own protocol are driven by
// client/drive, in closed and open loops; gRPC and HTTP by closed loops of
// goroutines here, through the clients that their users have. All record into the
// histograms of client/drive/sample.
//
// A closed loop here does as drive's: each connection holds a window of requests
// in flight, an answer lets the next go, a response counts when it arrives after
// the warm-up, and what is in flight at the end is awaited. The first wrong or
// missing answer ends it with an error.
package load

import (
	"context"
	"time"

	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/wire"
)

// Config says how a server is driven.
type Config struct {
	Addr    string // host:port
	Conns   int
	Window  int     // requests in flight on each connection, of a closed loop
	Vectors int     // in each request
	Rate    float64 // requests a second over all connections; 0: a closed loop

	Warmup, Duration time.Duration

	// Stall is how long the server may give no answer.
	Stall time.Duration

	// Begin and End are called once each, in this order, around what is measured:
	// when the warm-up is over and when the last answer is here. Neither is called
	// if there was an end before the warm-up's.
	Begin, End func()
}

// Func drives a server as c says until the duration is over or ctx ended.
//
// Of the figures returned, Busy is 0 and Valid true unless the generator has
// threads of its own to judge.
type Func func(ctx context.Context, c Config) (sample.Total, error)

// watch calls Begin after the warm-up, counted from now. The function that it
// returns ends that and, if Begin was called, calls End.
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

// Wire drives a server of disrust's protocol, at a fixed rate if c has one.
func Wire(ctx context.Context, c Config) (sample.Total, error) {
	requests, err := drive.Generate(wire.Default, drive.Uniform(c.Vectors), 1)
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
