package drive

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
)

// Config says how a run loads its server.
type Config struct {
	// Addr is host:port, or unix: followed by the path of a Unix socket. The connections to a
	// name are spread over all addresses that it has.
	Addr  string
	Conns int // connections, at least 1

	// Hello makes connections speak version 2 of the protocol: each begins with a hello,
	// which asks for the format of the requests, and reads the server's welcome before the
	// run begins. Otherwise they speak version 1.
	Hello bool

	// Window is how many requests per connection may be written and unanswered. A
	// closed loop keeps it full, so it must be at least 1 there. In an open loop 0
	// means no window, so that a slow server does not slow the arrivals.
	Window int

	Requests *Requests

	// Quota is how many requests are sent in all. 0 means that the run sends until
	// Duration is over or the context ends. A quota is spread evenly over the
	// connections. Each connection sends the stretch of the endless cycle that follows
	// the stretch of the connection before it, so that with a Quota of
	// Requests.Count() each request of the cycle is sent once.
	Quota int64

	// Rate is the rate of an open loop in requests per second over all connections. 0
	// means a closed loop, in which each answer lets the next request go. Request k of
	// an open loop is sent on connection k modulo Conns, and only Rate, Arrivals and
	// Seed decide when it is due.
	Rate     float64
	Arrivals Arrivals
	Seed     uint64

	Warmup   time.Duration // time at the start that is not measured
	Duration time.Duration // time after the warm-up; 0 means until Quota is met or the context ends

	// Stall is how long a connection that owes an answer may give none, and how long
	// connecting may take. 0 means 10 s.
	Stall time.Duration

	// Reconnect makes a run go on when connections are lost or stall, so that it measures
	// what a restart of the server costs. Each lost connection is remade: at once, and
	// then every 10 to 100 ms until it stands. The requests in flight on it count as
	// errors and are not sent again. The requests of an open loop that fall due until it
	// stands wait for it, and that wait is in their latency. In version 2 a failed request
	// counts as an error too, and a connection whose server is going away is remade without
	// an error when all its requests are answered. A wrong answer still ends the run, and so
	// does a server that refuses the format of the requests.
	Reconnect bool

	// OnStart, if not nil, is called when all connections stand, just before the first
	// request.
	OnStart func()

	// OnInterval, if not nil, is called after each second that follows the warm-up, and
	// once more for the remaining time at the end. The goroutine that called Run calls
	// it. It may keep its argument.
	OnInterval func(sample.Interval)

	// lookUp finds the addresses of a name; nil: as package net does. Tests set it.
	lookUp func(ctx context.Context, network, host string) ([]netip.Addr, error)
}

const defaultStall = 10 * time.Second

// prepare checks c and fills in defaults.
func (c *Config) prepare() error {
	switch {
	case c.Requests == nil:
		return errors.New("there are no requests to send")
	case c.Conns < 1:
		return fmt.Errorf("%d connections: 1 or more is allowed", c.Conns)
	case !(c.Rate >= 0) || math.IsInf(c.Rate, 0):
		return fmt.Errorf("a rate of %v: 0 or more is allowed", c.Rate)
	case c.Window < 0 || c.Window == 0 && c.Rate == 0:
		return fmt.Errorf("a window of %d: 1 or more is allowed", c.Window)
	case c.Arrivals > Poisson:
		return fmt.Errorf("arrivals %d are neither constant nor poisson", c.Arrivals)
	case c.Quota < 0 || c.Warmup < 0 || c.Duration < 0 || c.Stall < 0:
		return errors.New("quota, warm-up, duration and stall cannot be negative")
	}
	if c.Stall == 0 {
		c.Stall = defaultStall
	}
	if c.Quota == 0 {
		c.Quota = unlimited
	}
	return nil
}

// window returns the largest number of unanswered requests of each lane.
func (c *Config) window() int64 {
	if c.Window == 0 {
		return unlimited
	}
	return int64(c.Window)
}

// end returns when the duration is over, in nanoseconds since the run began.
func (c *Config) end() int64 {
	if c.Duration == 0 || c.Warmup > math.MaxInt64-c.Duration {
		return never
	}
	return int64(c.Warmup + c.Duration)
}

// share returns the quota of the i-th connection.
func (c *Config) share(i int) int64 {
	if c.Quota == unlimited {
		return unlimited
	}
	return (c.Quota + int64(c.Conns-1-i)) / int64(c.Conns)
}

// first returns with which request of the cycle the i-th connection begins. before is
// the sum of the quotas of the connections before it.
func (c *Config) first(i int, before int64) int {
	count := c.Requests.Count()
	if c.Quota == unlimited {
		return int(int64(i) * int64(count) / int64(c.Conns))
	}
	return int(before % int64(count))
}
