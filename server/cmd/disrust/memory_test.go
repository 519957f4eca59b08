//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
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

// TestFileIsGone: once a daemon is ready, the file of its model takes no memory, only the model
// does. This file is mostly parameters of the training.
func TestFileIsGone(t *testing.T) {
	const extra = 100 << 20
	model, err := os.ReadFile(testModel)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := bytes.Cut(model, []byte("parameters:\n"))
	if !found {
		t.Fatal("the model has no parameters")
	}
	padded := slices.Concat(head, []byte("parameters:\n"), bytes.Repeat([]byte("[a_parameter: with a value]\n"), extra/28), []byte("end of parameters\n"))
	path := filepath.Join(t.TempDir(), "model.txt")
	if err := os.WriteFile(path, padded, 0o600); err != nil {
		t.Fatal(err)
	}
	before := start(t, "--model", testModel).ResidentBytes(t)
	if after := start(t, "--model", path).ResidentBytes(t); after > before+extra/4 {
		t.Errorf("%d MiB resident, %d without %d MiB of parameters", after>>20, before>>20, extra>>20)
	}
}

const testModel = "../../../batcher/forest/lightgbm/testdata/lgb_binary/model.txt"

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
