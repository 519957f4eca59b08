//go:build linux

package waiting

import "time"

const (
	// sleepCost is the polling time that is worth spending to avoid one sleep. Falling
	// asleep and waking up take about 20 µs of CPU time, of this thread and of the thread
	// that wakes it. They also delay the answer to the caller while an idle CPU leaves its
	// halt, by 10 to 180 µs in virtual machines.
	sleepCost = 80 * time.Microsecond

	// firstTrialLimit is the limit of polling in the first wait of a trial. That wait is
	// longer than the next ones: the caller got its last answer late, and the caller's CPU
	// has halted, too.
	firstTrialLimit = 150 * time.Microsecond

	// shortSleep is the longest sleep that counts towards the next trial. It is far above
	// sleepCost: on a busy host, a thread that slept answered a lone caller in 400 µs, and
	// a thread that polled answered it in 25 µs.
	shortSleep = 2 * time.Millisecond

	// maxBackoff is the most short sleeps between two trials. Spread over them, a failed trial
	// costs 5 to 8 µs per sleep.
	maxBackoff = 31
)

// polling decides how long a thread polls for work before it sleeps. It chooses the time that
// would have cost least in the recent waits.
//
// Only polling shows how long the gap between two pieces of work was. A sleep lasts longer
// than the gap: the thread has to wake up, and a caller that was answered late sends its next
// request late. So a trial follows after some short sleeps. In a trial the thread polls in each
// wait, until polling has proved worth its cost or has found nothing. A trial that finds
// nothing doubles the number of sleeps before the next trial. A trial that succeeds halves it.
//
// polling reads no clock: it depends only on the times that its caller passes.
type polling struct {
	gaps    gaps
	limit   time.Duration // of polling in one wait, derived from gaps
	backoff int           // short sleeps between the last trial and the next
	sleeps  int           // how many short sleeps are left until the next trial; 0: this is a trial
	tries   int           // waits of this trial in which polling found work
}

// next returns how long to poll in the wait that begins now; 0: sleep at once.
func (p *polling) next() time.Duration {
	switch {
	case p.sleeps > 0:
		return p.limit
	case p.tries == 0:
		return firstTrialLimit
	}
	return sleepCost
}

// found ends a wait in which polling found work after gap. pollers is how many other threads
// are polling.
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
		// This is no trial, or its longer limit made no difference.
	case gap <= p.limit:
		p.endTrial(p.backoff / 2)
	default:
		p.tries++
	}
}

// slept ends a wait in which the thread slept: at once, or after polling that found nothing.
func (p *polling) slept(polled, asleep time.Duration, pollers int) {
	if p.sleeps == 0 && polled > 0 {
		p.endTrial(min(2*p.backoff+1, maxBackoff))
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
