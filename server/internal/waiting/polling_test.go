//go:build linux

package waiting

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestPollingFindsSteadyCallers: if a caller sends its next request soon after each answer,
// polling soon finds its requests almost without sleeps. It does not matter what the thread
// waited for before, or how much longer the caller takes after the thread slept.
func TestPollingFindsSteadyCallers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawPolling(t)
		c := caller{
			gap:  steady(r, micros(t, "gap", 1, 60)),
			cold: micros(t, "cold", 0, 80),
		}
		wait(p, c, settled)
		if b := wait(p, c, 1000); b.sleeps > 10 {
			t.Fatalf("%d sleeps in %d waits", b.sleeps, b.waits)
		}
	})
}

// TestPollingInVainBacksOff: if gaps are longer than polling is worth, the thread soon polls for
// at most 8 µs per wait.
func TestPollingInVainBacksOff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawPolling(t)
		c := caller{gap: steady(r, micros(t, "gap", 150, 10_000))}
		wait(p, c, settled)
		b := wait(p, c, 1000)
		if each := b.polled / 1000; each > sleepCost/10 {
			t.Fatalf("polled for %v per wait", each)
		}
	})
}

// TestPollingCostsLittleMoreThanTheBest: for any mixture of gaps, polling costs little more
// than the best fixed limit, and so never much more than sleeping at once.
func TestPollingCostsLittleMoreThanTheBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawPolling(t)
		gap := drawGaps(t, r)
		const waits = 10_000
		gaps := make([]time.Duration, waits)
		for i := range gaps {
			gaps[i] = gap()
		}
		next := 0
		b := wait(p, caller{gap: func() time.Duration { next++; return gaps[next-1] }}, waits)
		if best := bestCost(gaps); b.cost() > best+best/4+waits*sleepCost/10 {
			t.Fatalf("waits cost %v each, the best limit %v", b.cost()/waits, best/waits)
		}
	})
}

// TestPollersShareTheMachine: the more threads wait for random work, the less each one polls.
func TestPollersShareTheMachine(t *testing.T) {
	each := func(threads int) float64 { return crowd(threads, 60*time.Microsecond) / float64(threads) }
	alone, among4, among16 := each(1), each(4), each(16)
	if among4 > 0.8*alone || among16 > 0.4*alone {
		t.Errorf("a thread polls for %.2f of its time alone, %.2f among 4, %.2f among 16", alone, among4, among16)
	}
}

// settled is how many waits polling may take to adapt to other gaps.
const settled = 200

// drawPolling returns a polling that has been through waits of any kind.
func drawPolling(t *rapid.T) (*polling, *rand.Rand) {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	p := new(polling)
	for range rapid.IntRange(0, 3).Draw(t, "regimes") {
		wait(p, caller{gap: drawGaps(t, r)}, rapid.IntRange(1, 300).Draw(t, "waits"))
	}
	return p, r
}

// drawGaps returns a mixture of steady and random gaps.
func drawGaps(t *rapid.T, r *rand.Rand) func() time.Duration {
	var kinds []func() time.Duration
	for range rapid.IntRange(1, 3).Draw(t, "kinds") {
		mean := micros(t, "mean", 1, 2000)
		kinds = append(kinds, rapid.SampledFrom([]func() time.Duration{steady(r, mean), random(r, mean)}).Draw(t, "kind"))
	}
	return func() time.Duration { return kinds[r.IntN(len(kinds))]() }
}

func micros(t *rapid.T, name string, low, high int) time.Duration {
	return time.Duration(rapid.IntRange(low, high).Draw(t, name)) * time.Microsecond
}

// bestCost returns the cost of the gaps with the best fixed limit.
func bestCost(gaps []time.Duration) time.Duration {
	best := time.Duration(len(gaps)) * sleepCost
	for limit := gapWidth; limit <= sleepCost; limit += gapWidth {
		cost := time.Duration(0)
		for _, gap := range gaps {
			cost += min(gap, limit)
			if gap > limit {
				cost += sleepCost
			}
		}
		best = min(best, cost)
	}
	return best
}
