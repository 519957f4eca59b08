//go:build linux

package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestIdleCostsNothing measures daemons that have served requests and have nothing to do,
// without connections and with many. No thread may spin. The test measures idle time, so it
// waits for time and not for a condition, once for all daemons.
func TestIdleCostsNothing(t *testing.T) {
	const (
		idle     = 2 * time.Second
		rounding = 10 * time.Millisecond // error of the CPU time
	)
	daemons := make(map[string]*daemontest.Daemon)
	for _, conns := range []int{0, 100} {
		for _, flags := range everyPlacement {
			name := fmt.Sprint(flags, " with ", conns, " connections")
			daemons[name] = startUsed(t, conns, flags)
		}
	}
	before := make(map[string]time.Duration)
	for name, d := range daemons {
		before[name] = d.CPU(t)
	}
	<-time.After(idle)
	for name, d := range daemons {
		if used := d.CPU(t) - before[name]; used > idle/100+rounding {
			t.Errorf("%s: an idle daemon ran for %v of %v", name, used, idle)
		}
	}
}

// startUsed starts a daemon, sends it requests, and leaves conns connections open.
func startUsed(t *testing.T, conns int, flags []string) *daemontest.Daemon {
	d := start(t, flags...)
	for i := range conns {
		rawtest.Check(t, roundTrip(dial(t, d.Addr), rawtest.Source{Dim: 128, Client: i}, 0))
	}
	c := dial(t, d.Addr)
	for seq := range 500 {
		rawtest.Check(t, roundTrip(c, rawtest.Source{Dim: 128}, seq))
	}
	rawtest.Check(t, c.Finish())
	return d
}
