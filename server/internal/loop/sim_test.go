//go:build linux

package loop

import (
	"fmt"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/disrust/disrust/server/internal/netio/simio"
	"github.com/disrust/disrust/server/internal/testflag"
	"github.com/disrust/disrust/wire"
)

// TestSim runs the loop in simulated worlds, each made from a seed. In each world it checks
// that every peer gets what it is owed and that the thread gets everything back.
func TestSim(t *testing.T) { explore(t, variety{}, 1) }

// TestSimCrowd is TestSim with more connections than receive buffers.
func TestSimCrowd(t *testing.T) { explore(t, variety{crowds: true}, 80) }

// TestSimEnds is TestSim with drains that are spread, and with connections that grow old.
func TestSimEnds(t *testing.T) { explore(t, variety{ends: true}, 5) }

// TestSimCrowdEnds is TestSimCrowd with the same ends.
func TestSimCrowdEnds(t *testing.T) { explore(t, variety{crowds: true, ends: true}, 400) }

// TestSimHeaders is TestSim with peers behind balancers, whose connections begin with a PROXY header.
func TestSimHeaders(t *testing.T) { explore(t, variety{headers: true, ends: true}, 5) }

// variety says what a world has besides what every world has.
type variety struct {
	crowds  bool // more connections than receive buffers
	ends    bool // drains that are spread, and connections that grow old
	headers bool // balancers
}

// TestCrowdsAreShort: crowds run out of receive buffers. This happens whether the thread or a
// batch thread scores, with either kind of model, and even while the thread has spare buffers
// that it does not lend.
func TestCrowdsAreShort(t *testing.T) {
	type crowd struct{ inline, strided, withheld bool }
	const crowds = 8
	found := map[crowd]bool{}
	for seed := uint64(1); len(found) < crowds; seed++ {
		if seed > 250 {
			t.Fatalf("of %d kinds of crowds only these lack buffers: %v", crowds, found)
		}
		w := newWorld(seed, variety{crowds: true})
		if fault := w.simulate(); fault != "" {
			t.Fatalf("seed %d: %s", seed, fault)
		}
		if w.short {
			found[crowd{w.inline, w.strided, false}] = true
		}
		if w.withheld {
			found[crowd{w.inline, w.strided, true}] = true
		}
	}
}

// TestSimMeets: simulated peers of version 2 get every kind of answer, whether the thread or a
// batch thread scores, with either kind of model.
func TestSimMeets(t *testing.T) {
	kinds := []string{
		scored, "failure 1, row known: true", "failure 1, row known: false", "failure 2, row known: true", "count denied",
		"notice after the welcome", "notice after an answer", "answer of another model", "failure 2, row known: true of another model",
	}
	for verdict := wire.Welcomed; verdict <= wire.Malformed; verdict++ {
		kinds = append(kinds, fmt.Sprintf("welcome %d", verdict))
	}
	missing := map[string]bool{}
	for _, kind := range kinds {
		for _, inline := range []bool{false, true} {
			for _, strided := range []bool{false, true} {
				missing[fmt.Sprint(kind, inline, strided)] = true
			}
		}
	}
	for seed := uint64(1); len(missing) > 0; seed++ {
		if seed > 3000 {
			t.Fatalf("no peer got these: %v", missing)
		}
		w := newWorld(seed, variety{})
		if fault := w.simulate(); fault != "" {
			t.Fatalf("seed %d: %s", seed, fault)
		}
		for _, p := range w.peers {
			for _, kind := range p.met() {
				delete(missing, fmt.Sprint(kind, w.inline, w.strided))
			}
		}
	}
}

// met returns the kinds of answers that a peer of version 2 got.
func (p *peer) met() []string {
	if p.version == 1 || p.socket == nil {
		return nil
	}
	got := 0
	for got < len(p.kinds) && p.owedAfter[got+1] <= p.socket.Taken {
		got++
	}
	kinds := slices.Clone(p.kinds[:got])
	switch {
	case p.told > 0 && p.told == p.owedAfter[1]:
		kinds = append(kinds, "notice after the welcome")
	case p.told > 0:
		kinds = append(kinds, "notice after an answer")
	}
	for _, message := range p.others {
		if message < got {
			kinds = append(kinds, p.kinds[message]+" of another model")
		}
	}
	return kinds
}

// explore simulates every seed asked for, or one in share of them.
func explore(t *testing.T, of variety, share int) {
	if seed := *testflag.SimSeed; seed != 0 {
		w := newWorld(seed, of)
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
		if found := newWorld(seed, of).simulate(); found != "" {
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
