//go:build linux

package iothread

import (
	"errors"
	"fmt"
	"runtime/debug"
	"testing"

	"github.com/disrust/disrust/server/internal/testflag"
)

// TestSim runs the loop in simulated worlds, each made from a seed, and checks in
// each that every peer gets what it is owed, and the thread everything back.
func TestSim(t *testing.T) { explore(t, false, 1) }

// TestSimCrowd is TestSim with more connections than receive buffers.
func TestSimCrowd(t *testing.T) { explore(t, true, 80) }

// explore simulates every seed asked for, or one in so many of them.
func explore(t *testing.T, crowds bool, share int) {
	if seed := *testflag.SimSeed; seed != 0 {
		if found := simulate(seed, crowds, true); found != "" {
			t.Fatal(found)
		}
		return
	}
	seeds := *testflag.SimSeeds
	if seeds == 0 {
		seeds = defaultSeeds
	}
	for seed := uint64(1); seed <= uint64(max(1, seeds/share)); seed++ {
		if found := simulate(seed, crowds, false); found != "" {
			t.Fatalf("seed %d: %s\nreplay: go test ./server/internal/iothread -run '%s$' -sim.seed %d", seed, found, t.Name(), seed)
		}
	}
}

// errTurn is what the simulated kernel refuses a turn with.
var errTurn = errors.New("refused")

// simulate runs the schedule of a seed and returns what was wrong with it.
func simulate(seed uint64, crowds, verbose bool) (found string) {
	w := newWorld(seed, crowds)
	w.verbose = verbose
	defer w.thread.Close()
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(fault); !ok {
				w.failed = fmt.Sprintf("panic: %v\n%s", p, debug.Stack())
			}
		}
		if w.failed != "" {
			found = fmt.Sprintf("%s\n\n%s\n%s", w.failed, w.trace.String(), w.state())
		}
	}()
	switch err := w.thread.Run(); {
	case err != nil && err == errTurn && w.kernel.refuses:
		w.checkAbandoned()
	case err != nil || w.kernel.refuses:
		w.fail("Run returned %v, with a turn refused: %t", err, w.kernel.refuses)
	default:
		w.checkHome()
	}
	return ""
}
