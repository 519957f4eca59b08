//go:build linux

package waiting

import "time"

const (
	// sleepCost is how much polling it is worth to avoid a sleep. Falling asleep and waking
	// up take some 20 µs of CPU time, of this thread and of the one that wakes it. The
	// caller gets its answer later by the time in which an idle CPU comes out of its
	// halt: 10 to 180 µs in virtual machines.
	sleepCost = 80 * time.Microsecond

	// firstTry is the limit in the first wait of a trial. That wait is longer than the next:
	// the caller got its last answer late, and its CPU has halted, too.
	firstTry = 150 * time.Microsecond

	// shortSleep bounds the sleeps that bring a trial nearer. It is far above sleepCost: on a
	// busy host a lone caller was answered in 400 µs by a thread that slept, in 25 by one
	// that polled.
	shortSleep = 2 * time.Millisecond

	// mostBackoff bounds how many short sleeps pass between two trials. A trial that fails
	// costs 5 to 8 µs for each of them.
	mostBackoff = 31
)

// polling decides how long a thread polls for work before it sleeps: for as long as would
// have cost least in the recent waits.
//
// Only polling shows how long the gap between two pieces of work was. A sleep lasts longer,
// since the thread has to wake up and a caller that was answered late asks late. So after
// some short sleeps comes a trial: the thread polls in each wait until that has proved worth
// its cost or has found nothing. A trial that fails doubles the number of sleeps
// before the next one, and one that succeeds halves it.
//
// polling reads no clock: it depends on nothing but what it is told.
type polling struct {
	gaps    gaps
	limit   time.Duration // of polling in one wait, by the gaps
	backoff int           // short sleeps between the last trial and the next
	sleeps  int           // of them, those still to come; 0: this is a trial
	tries   int           // waits of the trial in which polling found work
}

// next is how long to poll in the wait that begins; 0: sleep at once.
func (p *polling) next() time.Duration {
	switch {
	case p.sleeps > 0:
		return p.limit
	case p.tries == 0:
		return firstTry
	}
	return sleepCost
}

// found ends a wait in which polling found work after gap. pollers is how many other
// threads poll.
func (p *polling) found(gap time.Duration, pollers int) {
	if gap < gapWidth {
		p.gaps.addShortest()
		return
	}
	before := p.limit
	p.gaps.add(gap)
	p.limit = p.gaps.limit(pollers)
	switch {
	case p.sleeps > 0 || gap <= before:
		// No trial, or it did not matter.
	case gap <= p.limit:
		p.endTrial(p.backoff / 2)
	default:
		p.tries++
	}
}

// slept ends a wait in which the thread slept after polling in vain, or at once.
func (p *polling) slept(polled, asleep time.Duration, pollers int) {
	if p.sleeps == 0 && polled > 0 {
		p.endTrial(min(2*p.backoff+1, mostBackoff))
	}
	if polled+asleep <= shortSleep {
		p.sleeps = max(0, p.sleeps-1)
	}
	if polled > 0 {
		p.gaps.addLonger(polled)
		p.limit = p.gaps.limit(pollers)
	}
}

func (p *polling) endTrial(backoff int) {
	p.backoff, p.sleeps, p.tries = backoff, backoff+1, 0
}
