package ringbuf

import "testing"

// These tests check models of the ring's two protocols, one atomic step at a
// time, in every interleaving that sequential consistency allows, which is the
// order of Go's atomics (The Go Memory Model, 6 June 2022).
//
// What they cover: handshake is two producers that publish an item each, a
// Close, and a consumer that polls, announces, looks again, sleeps and wakes.
// transfer is two producers that claim seven slots in six runs of a ring of two,
// several wraps, write and publish them, and a consumer that polls, reads and
// releases. From every state that can be reached, the good end can be: nothing
// is lost, doubled, overwritten or out of order, no claim passes the consumer,
// no wake-up is lost and none comes twice.
//
// What they do not: more goroutines or slots, runs published out of the order of
// their claims by one producer, a schedule that never lets somebody move, and
// the Go code of the steps, which the properties and the race detector cover.
//
// Each model also runs with faults, each a step left out or moved, which the
// same check must find.

// reach walks every state that can follow init. It returns them all, and those
// from which no path ends with done: lost wake-ups and deadlocks.
func reach[S comparable](init S, next func(S) []S, done func(S) bool) (states, stuck []S) {
	states = []S{init}
	before := map[S][]S{init: nil}
	var ends []S
	for i := 0; i < len(states); i++ {
		s := states[i]
		if done(s) {
			ends = append(ends, s)
		}
		for _, n := range next(s) {
			if _, seen := before[n]; !seen {
				states = append(states, n)
			}
			before[n] = append(before[n], s)
		}
	}
	finishes := map[S]bool{}
	for i := 0; i < len(ends); i++ {
		if s := ends[i]; !finishes[s] {
			finishes[s] = true
			ends = append(ends, before[s]...)
		}
	}
	for _, s := range states {
		if !finishes[s] {
			stuck = append(stuck, s)
		}
	}
	return states, stuck
}

// check fails unless every state after a model without a fault can still end well
// and, to show that the check can fail, some state after each fault cannot.
func check[S comparable](t *testing.T, start func(fault string) S, faults []string, next func(S) []S, done func(S) bool) {
	if states, stuck := reach(start(""), next, done); len(stuck) > 0 {
		t.Errorf("%d of %d states never end well, such as %+v", len(stuck), len(states), stuck[0])
	}
	for _, fault := range faults {
		t.Run(fault, func(t *testing.T) {
			if states, stuck := reach(start(fault), next, done); len(stuck) == 0 {
				t.Errorf("it goes unseen in %d states", len(states))
			}
		})
	}
}

// handshake models Publish and Close against Announce, Sleep and Awake: two
// producers publish an item each, a third party closes, and the consumer sleeps
// whenever it finds nothing and is not at the end. The items are claimed before,
// so the end is Close and both items polled.
//
// How the consumer sleeps does not matter, in a channel or in an io_uring that
// reads an eventfd, so long as a wake that comes first is kept: the permit.
type handshake struct {
	fault            string
	published        int
	closed           bool
	polled           int
	wakes, announced int // announced is counted up to 3, the most wakes there can be
	asleep, permit   bool
	waker            [3]wakeStep // the producers' and Close's next
	consumer         sleepStep
}

type wakeStep int

const (
	shows wakeStep = iota // what the consumer is to see
	looks                 // for an announcement
	swaps                 // it away
	signals
	over
	showsLate // of a fault: it has looked first, and found no announcement
)

type sleepStep int

const (
	polls sleepStep = iota
	announces
	looksAgain
	sleeps
	looksAwake // Awake loads the announcement,
	withdraws  // and stores that there is none
	ended
)

func (s handshake) next() (after []handshake) {
	for i := range s.waker {
		if s.waker[i] != over {
			after = append(after, s.wake(i))
		}
	}
	if s.consumer == ended || s.consumer == sleeps && !s.permit {
		return after
	}
	return append(after, s.consume())
}

// wake takes waker i's next step.
func (s handshake) wake(i int) handshake {
	looksFirst := s.fault == "looks for sleepers, then publishes"
	step := &s.waker[i]
	switch {
	case looksFirst && *step == shows:
		if *step = looks; !s.asleep {
			*step = showsLate
		}
	case looksFirst && *step == looks:
		s.show(i)
		*step = swaps
	case *step == showsLate, *step == shows && i == 2 && s.fault == "closes and wakes nobody":
		s.show(i)
		*step = over
	case *step == shows:
		s.show(i)
		*step = looks
	case *step == signals:
		s.permit = s.consumer == sleeps || s.fault != "forgets a wake that precedes the sleep"
		s.wakes++
		*step = over
	case !s.asleep && (*step == looks || s.fault != "wakes without the swap"):
		*step = over // nobody sleeps, or another took it
	case *step == looks:
		*step = swaps
	case *step == swaps:
		s.asleep = false
		*step = signals
	}
	return s
}

func (s *handshake) show(i int) {
	if i == 2 {
		s.closed = true
	} else {
		s.published++
	}
}

// consume takes the consumer's next step.
func (s handshake) consume() handshake {
	step := s.consumer
	if s.fault == "looks again, then announces" && (step == announces || step == looksAgain) {
		step = announces + looksAgain - step
	}
	s.consumer++
	switch {
	case step == polls && s.polled < s.published:
		s.polled++
		s.consumer = polls
	case step == polls && s.atEnd():
		s.consumer = ended
	case step == announces:
		s.asleep, s.announced = true, min(s.announced+1, len(s.waker))
		if s.fault == "announces and does not look again" {
			s.consumer = sleeps
		}
	case step == looksAgain && (s.polled < s.published || s.atEnd()):
		s.consumer = looksAwake
	case step == sleeps:
		s.permit = false
	case step == looksAwake && !s.asleep:
		s.consumer = polls
	case step == withdraws:
		s.asleep, s.consumer = false, polls
	}
	return s
}

func (s handshake) atEnd() bool { return s.closed && s.polled == 2 }

func (s handshake) done() bool {
	return s.consumer == ended && s.waker == [3]wakeStep{over, over, over} && s.wakes <= s.announced
}

func TestInterleavingsOfPublishAndSleep(t *testing.T) {
	start := func(fault string) handshake { return handshake{fault: fault} }
	faults := []string{
		"looks again, then announces", "announces and does not look again", "looks for sleepers, then publishes",
		"wakes without the swap", "forgets a wake that precedes the sleep", "closes and wakes nobody",
	}
	check(t, start, faults, handshake.next, handshake.done)
}

// transfer models an MPSC ring of two slots: producer 0 claims runs of one, two
// and one, producer 1 three runs of one, and one consumer reads and releases slot
// by slot. A slot's value is 10*producer + count, counted from 1.
type transfer struct {
	fault             string
	claimed, released int
	available, slots  [2]int
	got               [2]int // by the consumer, from each producer
	producer          [2]struct{ step, run, sent, lo, wrote, limit int }
	step, next        int  // of the consumer
	broken            bool // a claim passed the consumer, or a value was not the next
}

// runs are the lengths of each producer's claims.
var runs = [2][]int{{1, 2, 1}, {1, 1, 1}}

func (s transfer) produce(i int) transfer {
	p := &s.producer[i]
	run := runs[i][p.run]
	publishesFirst := s.fault == "publishes, then writes"
	switch p.step {
	case 0:
		p.lo, p.step = s.claimed, 1
	case 1: // look at the cached gating cursor, then at the real one
		if p.lo+run > p.limit {
			p.limit = s.released + 2
		}
		if p.step = 2; p.lo+run > p.limit && s.fault != "claims past the consumer" {
			p.lo, p.step = 0, 0
		}
	case 2: // compare and swap
		if p.step = 3; s.claimed != p.lo && s.fault != "claims without comparing" {
			p.lo, p.step = 0, 0
		} else {
			s.claimed = p.lo + run
			s.broken = s.broken || s.claimed > s.released+2
		}
		if p.step == 3 && publishesFirst {
			p.step = 4
		}
	case 3: // write slot by slot
		p.sent++
		s.slots[(p.lo+p.wrote)%2] = 10*i + p.sent
		if p.wrote++; p.wrote == run {
			p.step = 4
		}
	case 4: // publish, and be done
		*s.cell(p.lo) = p.lo + run
		p.step = 5
		if publishesFirst {
			p.step = 3
		}
	}
	if p.step == 5 || p.step == 4 && publishesFirst && p.wrote == run {
		p.lo, p.wrote, p.step = 0, 0, 0
		p.run++
	}
	return s
}

// cell is where the run that begins at seq is published.
func (s *transfer) cell(seq int) *int {
	if s.fault == "publishes in one cell for all" {
		return &s.available[0]
	}
	return &s.available[seq%2]
}

// consume looks, then reads and releases one slot of the run it found.
func (s transfer) consume() transfer {
	if s.step == 0 { // two steps for each slot of the run: read, release
		s.step = 2 * max(0, *s.cell(s.next)-s.next)
		return s
	}
	if (s.step%2 == 0) != (s.fault == "releases, then reads") {
		value := s.slots[s.next%2]
		i := value / 10
		s.got[i]++
		s.broken = s.broken || value%10 != s.got[i]
	} else {
		s.released++
	}
	if s.step--; s.step%2 == 0 {
		s.next++
	}
	return s
}

func (s transfer) after() (after []transfer) {
	if s.broken {
		return nil // what a fault has broken stays so
	}
	for i := range s.producer {
		if s.producer[i].run < len(runs[i]) {
			after = append(after, s.produce(i))
		}
	}
	return append(after, s.consume())
}

func (s transfer) done() bool { return s.got == [2]int{4, 3} && !s.broken }

func TestInterleavingsOfMPSC(t *testing.T) {
	start := func(fault string) transfer { return transfer{fault: fault} }
	faults := []string{
		"releases, then reads", "publishes, then writes", "publishes in one cell for all",
		"claims without comparing", "claims past the consumer",
	}
	check(t, start, faults, transfer.after, transfer.done)
}
