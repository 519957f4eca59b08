//go:build linux

package waiting

import "time"

const (
	// gapWidth is the precision of remembered gaps.
	gapWidth = 5 * time.Microsecond
	gapCount = int(sleepCost / gapWidth)

	// window is the approximate number of remembered gaps.
	window = 16

	// gapWeight is the weight of the latest gap. Each new gap takes 1/window of the weight of
	// every earlier gap.
	gapWeight = 1 << 16
)

// gaps remembers the lengths of recent gaps between one piece of work and the next.
type gaps struct {
	weights  [gapCount + 1]uint64 // by length, in steps of gapWidth; the last is for all gaps beyond sleepCost
	shortest int                  // gaps below gapWidth that are not in weights yet
}

// addShortest remembers a gap below gapWidth. Such gaps are frequent, so it only counts them.
// addCounted enters them into weights later.
func (g *gaps) addShortest() { g.shortest++ }

// add remembers a gap.
func (g *gaps) add(gap time.Duration) {
	g.addCounted()
	g.decay()
	g.weights[min(int(gap/gapWidth), gapCount)] += gapWeight
}

// addCounted enters the counted shortest gaps into weights.
func (g *gaps) addCounted() {
	for range min(g.shortest, 4*window) { // more gaps would change nothing
		g.decay()
		g.weights[0] += gapWeight
	}
	g.shortest = 0
}

// addLonger remembers a gap that was longer than polled. Its length is unknown, so addLonger
// spreads its weight over the remembered gaps that were longer, in proportion to their
// weights.
func (g *gaps) addLonger(polled time.Duration) {
	g.addCounted()
	first, sum := min(int(polled/gapWidth), gapCount), uint64(0)
	for _, w := range g.weights[first:] {
		sum += w
	}
	if sum < gapWeight/window {
		g.add(sleepCost) // there is no longer gap to spread it over
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

// limit returns the limit of polling that would have cost least in the remembered gaps. A gap
// costs the time polled, plus sleepCost if it was longer than the limit. If several limits
// cost about as little, limit returns the longest: the next gap may be a little longer.
//
// The price of polling rises with each other thread that polls, because together they would
// take all CPUs from the rest of the machine.
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

// costs returns the cost of each limit in the remembered gaps, for limits from 0 on in steps
// of gapWidth. price is the cost of a nanosecond of polling. costs also returns the sum of the
// weights.
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
