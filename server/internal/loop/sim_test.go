//go:build linux

package loop

import (
	"fmt"
	"runtime/debug"
	"testing"

	"github.com/disrust/disrust/server/internal/netio/simio"
	"github.com/disrust/disrust/server/internal/testflag"
)

// TestSim runs the loop in simulated worlds, each made from a seed. In each world it checks
// that every peer gets what it is owed and that the thread gets everything back.
func TestSim(t *testing.T) { explore(t, false, 1) }

// TestSimCrowd is TestSim with more connections than receive buffers.
func TestSimCrowd(t *testing.T) { explore(t, true, 80) }

// TestCrowdsAreShort: crowds run out of receive buffers. This happens whether the thread or a
// batch thread scores, with either kind of model, and even while the thread has spare buffers
// that it does not lend.
func TestCrowdsAreShort(t *testing.T) {
	type kind struct{ inline, strided, withheld bool }
	const kinds = 8
	found := map[kind]bool{}
	for seed := uint64(1); len(found) < kinds; seed++ {
		if seed > 250 {
			t.Fatalf("of %d kinds of crowds only these lack buffers: %v", kinds, found)
		}
		w := newWorld(seed, true)
		if fault := w.simulate(); fault != "" {
			t.Fatalf("seed %d: %s", seed, fault)
		}
		if w.short {
			found[kind{w.inline, w.strided, false}] = true
		}
		if w.withheld {
			found[kind{w.inline, w.strided, true}] = true
		}
	}
}

// explore simulates every seed asked for, or one in share of them.
func explore(t *testing.T, crowds bool, share int) {
	if seed := *testflag.SimSeed; seed != 0 {
		w := newWorld(seed, crowds)
		w.verbose = true
		if found := w.simulate(); found != "" {
			t.Fatal(found)
		}
		return
	}
	seeds := *testflag.SimSeeds
	if seeds == 0 {
		seeds = defaultSeeds
	}
	for seed := uint64(1); seed <= uint64(max(1, seeds/share)); seed++ {
		if found := newWorld(seed, crowds).simulate(); found != "" {
			t.Fatalf("seed %d: %s\nreplay: go test ./server/internal/loop -run '%s$' -sim.seed %d", seed, found, t.Name(), seed)
		}
	}
}

// simulate runs the schedule and returns the fault that it found, or "".
func (w *world) simulate() (found string) {
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
	case err != nil && err == simio.ErrTurn && w.kernel.Refuses:
		w.checkAbandoned()
	case err != nil || w.kernel.Refuses:
		w.Fail("Run returned %v, with a turn refused: %t", err, w.kernel.Refuses)
	default:
		w.checkEnd()
	}
	return ""
}
