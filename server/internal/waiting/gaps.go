//go:build linux

package waiting

import "time"

const (
	// gapWidth is the precision with which gaps are remembered.
	gapWidth = 5 * time.Microsecond
	gapCount = int(sleepCost / gapWidth)

	// window is how many gaps are remembered, on average.
	window = 16

	// gapWeight is the weight of the latest gap. Each gap takes 1/window of the weights of
	// all before it.
	gapWeight = 1 << 16
)

// gaps remembers how long recent gaps between two pieces of work were.
type gaps struct {
	weights  [gapCount + 1]uint64 // by length in gapWidth, the last of all beyond sleepCost
	shortest int                  // gaps below gapWidth that weights does not have yet
}

// addShortest remembers a gap below gapWidth. It costs little: gaps as short as that are
// frequent.
func (g *gaps) addShortest() { g.shortest++ }

// add remembers a gap.
func (g *gaps) add(gap time.Duration) {
	g.settle()
	g.decay()
	g.weights[min(int(gap/gapWidth), gapCount)] += gapWeight
}

// settle gives the shortest gaps their weight.
func (g *gaps) settle() {
	for range min(g.shortest, 4*window) { // more would change nothing
		g.decay()
		g.weights[0] += gapWeight
	}
	g.shortest = 0
}

// addLonger remembers a gap that was longer than polled. How much longer is unknown, so the
// longer gaps before it share its weight in proportion to theirs.
func (g *gaps) addLonger(polled time.Duration) {
	g.settle()
	first, sum := min(int(polled/gapWidth), gapCount), uint64(0)
	for _, w := range g.weights[first:] {
		sum += w
	}
	if sum < gapWeight/window {
		g.add(sleepCost) // there was none
		return
	}
	g.decay()
	for i, w := range g.weights[first:] {
		g.weights[first+i] += w * gapWeight / sum
	}
}

func (g *gaps) decay() {
	for i := range g.weights {
		g.weights[i] -= g.weights[i] / window
	}
}

// limit is how long polling should have lasted in the remembered gaps, at most. A gap costs
// the time polled, and sleepCost if it was longer than the limit. Among limits that cost
// about as little it returns the longest: the next gap may be a little longer.
//
// The price of polling rises with each other thread that polls: together they would take
// all CPUs from the rest of the machine.
func (g *gaps) limit(pollers int) time.Duration {
	costs, sum := g.costs(uint64(1 + pollers))
	best := 0
	for i, cost := range costs {
		if cost < costs[best] {
			best = i
		}
	}
	if best == 0 {
		return 0
	}
	slack := sum * uint64(sleepCost) / window
	for i := gapCount; i > best; i-- {
		if costs[i] <= costs[best]+slack {
			return time.Duration(i) * gapWidth
		}
	}
	return time.Duration(best) * gapWidth
}

// costs returns what each limit from 0 on, in steps of gapWidth, would have cost at a price
// for each nanosecond of polling, and the sum of the weights.
func (g *gaps) costs(price uint64) (costs [gapCount + 1]uint64, sum uint64) {
	for _, w := range g.weights {
		sum += w
	}
	longer, polled := sum, uint64(0)
	costs[0] = longer * uint64(sleepCost)
	for i, w := range g.weights[:gapCount] {
		limit := uint64(gapWidth) * uint64(i+1)
		longer -= w
		polled += w * (limit - uint64(gapWidth)/2)
		costs[i+1] = (polled+longer*limit)*price + longer*uint64(sleepCost)
	}
	return costs, sum
}
