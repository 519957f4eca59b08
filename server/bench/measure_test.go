//go:build linux

package main

import (
	"testing"
	"time"

	"github.com/disrust/disrust/server/bench/internal/result"
)

// TestShared: a client library limits a run only if no CPU is idle and it uses more of the
// CPUs than the server.
func TestShared(t *testing.T) {
	for _, c := range []struct {
		server, generator time.Duration
		busy              float64
		limited           bool
	}{
		{900, 1100, 0.55, true},
		{1100, 900, 0.45, false},
		{500, 1300, 0.65, false},
		{0, 2000, 1, true},
	} {
		busy, limited := shared(result.Run{ServerCPU: c.server, GeneratorCPU: c.generator}, 1000, 2)
		if busy != c.busy || (limited != "") != c.limited {
			t.Errorf("%+v: busy %v, limited %q", c, busy, limited)
		}
	}
}
