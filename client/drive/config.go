package drive

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
)

// Config says how a run drives its server.
type Config struct {
	Addr  string // host:port, or unix: and the path of a Unix socket
	Conns int    // connections, at least 1

	// Window is how many requests of a connection may be written and unanswered.
	// A closed loop holds it full: at least 1. An open loop has none if it is 0,
	// so that a slow server does not slow the arrivals.
	Window int

	Requests *Requests

	// Quota is how many requests are sent in all; 0: until Duration is over or
	// the context ends. A quota is spread evenly: the connections send
	// consecutive stretches of the endless cycle, so that with Quota
	// Requests.Count() each request of the cycle is sent once.
	Quota int64

	// Rate is requests a second over all connections, an open loop; 0: a closed
	// loop, in which each answer lets the next request go. Request k of an open
	// loop is due at a time that only Rate, Arrivals and Seed decide, on
	// connection k modulo Conns.
	Rate     float64
	Arrivals Arrivals
	Seed     uint64

	Warmup   time.Duration // measured nothing of
	Duration time.Duration // after the warm-up; 0: until Quota is met or the context ends

	// Stall is how long a connection that owes answers may give none, and how
	// long connecting may take; 0: 10 s.
	Stall time.Duration

	// OnStart is called once all connections stand, just before the first
	// request. Nil: not wanted.
	OnStart func()

	// OnInterval is called after each second behind the warm-up and for what is
	// left at the end, from the goroutine that called Run. It may keep what it is
	// given. Nil: not wanted.
	OnInterval func(sample.Interval)
}

// prepare checks c and fills in defaults.
func (c *Config) prepare() error {
	switch {
	case c.Requests == nil:
		return errors.New("there are no requests to send")
	case c.Conns < 1:
		return fmt.Errorf("%d connections; allowed are 1 and more", c.Conns)
	case !(c.Rate >= 0) || math.IsInf(c.Rate, 0):
		return fmt.Errorf("a rate of %v; allowed are 0 and more", c.Rate)
	case c.Window < 0 || c.Window == 0 && c.Rate == 0:
		return fmt.Errorf("a window of %d; allowed are 1 and more", c.Window)
	case c.Arrivals > Poisson:
		return fmt.Errorf("arrivals %d are neither constant nor poisson", c.Arrivals)
	case c.Quota < 0 || c.Warmup < 0 || c.Duration < 0 || c.Stall < 0:
		return errors.New("quota, warm-up, duration and stall cannot be negative")
	}
	if c.Stall == 0 {
		c.Stall = 10 * time.Second
	}
	if c.Quota == 0 {
		c.Quota = unlimited
	}
	return nil
}

// window is the bound of each lane.
func (c *Config) window() int64 {
	if c.Window == 0 {
		return unlimited
	}
	return int64(c.Window)
}

// end is when the duration is over, in nanoseconds since the run began.
func (c *Config) end() int64 {
	if c.Duration == 0 || c.Warmup > math.MaxInt64-c.Duration {
		return never
	}
	return int64(c.Warmup + c.Duration)
}

// share is the quota of the i-th connection.
func (c *Config) share(i int) int64 {
	if c.Quota == unlimited {
		return unlimited
	}
	return (c.Quota + int64(c.Conns-1-i)) / int64(c.Conns)
}

// first is the request of the cycle with which the connection begins before
// which so many requests are the quota of others.
func (c *Config) first(i int, before int64) int {
	count := c.Requests.Count()
	if c.Quota == unlimited {
		return int(int64(i) * int64(count) / int64(c.Conns))
	}
	return int(before % int64(count))
}
