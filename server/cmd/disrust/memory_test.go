//go:build linux

package main

import (
	"testing"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestMemoryAtStart: a daemon with default sizes and one I/O thread starts in
// less than 60 MiB.
func TestMemoryAtStart(t *testing.T) {
	for _, batch := range []string{"0", "1"} {
		d := daemontest.Start(t, daemon, "--port", "0", "--io-threads", "1", "--batch-threads", batch)
		if got := d.ResidentBytes(t); got > 60<<20 {
			t.Errorf("--batch-threads %s: %d MiB resident at start, more than 60", batch, got>>20)
		}
	}
}

// TestIdleConnectionIsCheap: a connection that has been served and waits takes
// less than 4 KiB of the daemon's memory.
func TestIdleConnectionIsCheap(t *testing.T) {
	const conns = 1000
	eachPlacement(t, func(t *testing.T, flags []string) {
		d := start(t, flags...)
		rawtest.Check(t, roundTrip(dial(t, d.Addr), rawtest.Source{Dim: 128}, 0))
		before := d.ResidentBytes(t)
		for i := range conns {
			rawtest.Check(t, roundTrip(dial(t, d.Addr), rawtest.Source{Dim: 128, Client: i}, i))
		}
		if each := (d.ResidentBytes(t) - before) / conns; each > 4<<10 {
			t.Errorf("an idle connection takes %d bytes, more than 4 KiB", each)
		}
	})
}
