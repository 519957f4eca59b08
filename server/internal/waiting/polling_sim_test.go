//go:build linux

package waiting

import (
	"math/rand/v2"
	"time"
)

const (
	wakeUp = 50 * time.Microsecond // from the work that ends a sleep until the thread runs
	work   = 10 * time.Microsecond // between the end of a wait and the next wait
)

// caller describes the work for which a simulated thread waits.
type caller struct {
	gap  func() time.Duration // from the end of one piece of work to the next
	cold time.Duration        // how much longer a gap is after the thread slept
}

// steady returns gaps near mean.
func steady(r *rand.Rand, mean time.Duration) func() time.Duration {
	return func() time.Duration { return mean*9/10 + time.Duration(r.Int64N(int64(mean/5))) }
}

// random returns the gaps of a Poisson process.
func random(r *rand.Rand, mean time.Duration) func() time.Duration {
	return func() time.Duration { return time.Duration(r.ExpFloat64() * float64(mean)) }
}

// bill is what a number of waits cost.
type bill struct {
	waits, sleeps int
	polled        time.Duration
}

func (b bill) cost() time.Duration { return b.polled + time.Duration(b.sleeps)*sleepCost }

// wait simulates waits of one thread.
func wait(p *polling, c caller, waits int) (b bill) {
	cold := time.Duration(0)
	for range waits {
		w := beginWait(p, c.gap()+cold)
		w.end(p, 0)
		b.waits, b.polled, cold = b.waits+1, b.polled+w.polled, 0
		if w.slept() {
			b.sleeps, cold = b.sleeps+1, c.cold
		}
	}
	return b
}

// simWait is one wait of a simulated thread.
type simWait struct{ gap, limit, polled time.Duration }

func beginWait(p *polling, gap time.Duration) simWait {
	limit := p.next()
	return simWait{gap, limit, min(gap, limit)}
}

func (w simWait) slept() bool { return w.gap > w.limit }

func (w simWait) end(p *polling, pollers int) {
	switch {
	case !w.slept():
		p.found(w.gap, pollers)
	case w.limit == 0:
		p.slept(0, w.gap+wakeUp, pollers)
	default: // the thread notices that the limit has passed only afterwards
		p.slept(w.limit+1, w.gap-w.limit+wakeUp, pollers)
	}
}

// simThread is one of several simulated threads. Its times count from the start.
type simThread struct {
	polling polling
	simWait
	began, ends time.Duration
}

func (t *simThread) begin(now, gap time.Duration) {
	t.simWait = beginWait(&t.polling, gap)
	t.began, t.ends = now, now+gap
	if t.slept() {
		t.ends += wakeUp
	}
}

// crowd simulates threads that wait for random work for one second, and returns how many
// seconds they polled in all.
func crowd(threads int, mean time.Duration) float64 {
	gap := random(rand.New(rand.NewPCG(1, 1)), mean)
	all := make([]*simThread, threads)
	for i := range all {
		all[i] = new(simThread)
		all[i].begin(0, gap())
	}
	polled := time.Duration(0)
	for now := time.Duration(0); now < time.Second; {
		t := earliest(all)
		now = t.ends
		polled += t.polled
		t.end(&t.polling, pollersAt(all, now))
		t.begin(now+work, gap())
	}
	return polled.Seconds()
}

func earliest(all []*simThread) *simThread {
	first := all[0]
	for _, t := range all {
		if t.ends < first.ends {
			first = t
		}
	}
	return first
}

// pollersAt returns how many threads poll, beyond spinning, at the time now.
func pollersAt(all []*simThread, now time.Duration) (pollers int) {
	for _, t := range all {
		if t.began+spinFor <= now && now < t.began+t.polled {
			pollers++
		}
	}
	return pollers
}
