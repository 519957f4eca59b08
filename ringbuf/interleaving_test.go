package ringbuf

import "testing"

// These tests check models of the ring's two protocols, one atomic step at a
// time. They try every interleaving that sequential consistency allows, the
// guarantee of Go's atomics (The Go Memory Model, 6 June 2022).
//
// There are two models. In handshake, two producers publish one item each, a
// third goroutine calls Close, and a consumer polls, announces, rechecks, sleeps
// and wakes. In transfer, two producers claim, write and publish seven slots in
// six runs of a ring of two, which wraps several times, and a consumer polls,
// reads and releases them.
//
// The tests check that the good end can be reached from every state that can be
// reached. At the good end nothing was lost, delivered twice, overwritten or out
// of order, no claim passed the consumer, no wake-up was lost, and no
// announcement caused two.
//
// The models leave out: more goroutines or slots, a producer that publishes runs
// in another order than it claimed them, a scheduler that never runs some
// goroutine, and the Go code of the steps. The property tests and the race
// detector cover that code.
//
// Each model also runs with faults. A fault is one step left out or moved, and
// the same check must find it.

// reach walks every state that can follow init. It returns all of them, and in
// stuck those from which no path leads to done: lost wake-ups and deadlocks.
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

// check fails unless, without a fault, every state can still reach the good end.
// To show that this check can fail, it also requires that each fault leads to a
// state that cannot.
func check[S comparable](t *testing.T, start func(fault string) S, faults []string, next func(S) []S, done func(S) bool) {
	if states, stuck := reach(start(""), next, done); len(stuck) > 0 {
		t.Errorf("%d of %d states never end well, such as %+v", len(stuck), len(states), stuck[0])
	}
	for _, fault := range faults {
		t.Run(fault, func(t *testing.T) {
			if states, stuck := reach(start(fault), next, done); len(stuck) == 0 {
				t.Errorf("the check does not find this fault in %d states", len(states))
			}
		})
	}
}

// handshake models Publish and Close against Announce, Sleep and Awake. Two
// producers publish one item each, and a third goroutine calls Close. The consumer
// sleeps whenever it finds no item and is not at the end. The items are already
// claimed at the start, so the end is reached when the ring is closed and both
// items are polled.
//
// It does not matter whether the consumer sleeps on a channel or in an io_uring
// that reads an eventfd. It only matters that a wake that comes before the sleep
// is kept: that is the permit.
type handshake struct {
	fault            string
	published        int
	closed           bool
	polled           int
	wakes, announced int // announced is counted up to 3, as there are at most 3 wakes
	asleep, permit   bool
	waker            [3]wakeStep // next step of the two producers and of Close
	consumer         sleepStep   // next step of the consumer
}

// wakeStep is a step of Publish or Close.
type wakeStep int

const (
	publishes     wakeStep = iota // stores the item, or the closed mark
	loads                         // loads the announcement
	swaps                         // swaps the announcement for none
	signals                       // calls Wake
	returned                      // is done
	publishesLate                 // in a fault: publishes after it has found no announcement
)

// sleepStep is a step of the consumer.
type sleepStep int

const (
	polls             sleepStep = iota
	announces                   // Announce stores the announcement
	rechecks                    // Announce checks the ring again
	sleeps                      // Sleep waits for the permit
	loadsAnnouncement           // Awake loads the announcement
	withdraws                   // Awake stores that there is none
	ended                       // Wait has returned false
)

func (s handshake) next() (after []handshake) {
	for i := range s.waker {
		if s.waker[i] != returned {
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
	loadsFirst := s.fault == "loads the announcement, then publishes"
	step := &s.waker[i]
	switch {
	case loadsFirst && *step == publishes:
		if *step = loads; !s.asleep {
			*step = publishesLate
		}
	case loadsFirst && *step == loads:
		s.publish(i)
		*step = swaps
	case *step == publishesLate, *step == publishes && i == 2 && s.fault == "closes without a wake":
		s.publish(i)
		*step = returned
	case *step == publishes:
		s.publish(i)
		*step = loads
	case *step == signals:
		s.permit = s.consumer == sleeps || s.fault != "loses a wake that precedes the sleep"
		s.wakes++
		*step = returned
	case !s.asleep && (*step == loads || s.fault != "wakes without the swap"):
		*step = returned // there is no announcement, or another waker has taken it
	case *step == loads:
		*step = swaps
	case *step == swaps:
		s.asleep = false
		*step = signals
	}
	return s
}

func (s *handshake) publish(i int) {
	if i == 2 {
		s.closed = true
	} else {
		s.published++
	}
}

// consume takes the consumer's next step.
func (s handshake) consume() handshake {
	step := s.consumer
	if s.fault == "rechecks, then announces" && (step == announces || step == rechecks) {
		step = announces + rechecks - step
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
		if s.fault == "announces and does not recheck" {
			s.consumer = sleeps
		}
	case step == rechecks && (s.polled < s.published || s.atEnd()):
		s.consumer = loadsAnnouncement
	case step == sleeps:
		s.permit = false
	case step == loadsAnnouncement && !s.asleep:
		s.consumer = polls
	case step == withdraws:
		s.asleep, s.consumer = false, polls
	}
	return s
}

func (s handshake) atEnd() bool { return s.closed && s.polled == 2 }

func (s handshake) done() bool {
	return s.consumer == ended && s.waker == [3]wakeStep{returned, returned, returned} && s.wakes <= s.announced
}

func TestInterleavingsOfPublishAndSleep(t *testing.T) {
	start := func(fault string) handshake { return handshake{fault: fault} }
	faults := []string{
		"rechecks, then announces", "announces and does not recheck", "loads the announcement, then publishes",
		"wakes without the swap", "loses a wake that precedes the sleep", "closes without a wake",
	}
	check(t, start, faults, handshake.next, handshake.done)
}

// transfer models an MPSC ring of two slots. Producer 0 claims runs of one, two
// and one slots, producer 1 three runs of one slot. One consumer reads and releases
// slot by slot. A slot's value is 10*producer + count, and count starts at 1.
type transfer struct {
	fault             string
	claimed, released int
	available, slots  [2]int
	got               [2]int // how many values the consumer has read from each producer
	producer          [2]struct{ step, run, sent, lo, wrote, limit int }
	step, next        int  // of the consumer
	broken            bool // a claim passed the consumer, or the consumer read a wrong value
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
	case 1: // check the cached gating cursor, then the real one
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
	case 4: // publish the run
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

// cell returns the availability cell of the run that begins at seq.
func (s *transfer) cell(seq int) *int {
	if s.fault == "publishes in one cell for all" {
		return &s.available[0]
	}
	return &s.available[seq%2]
}

// consume takes one step of the consumer: it polls, or it reads or releases one
// slot of the run that it has polled.
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
		return nil // no step repairs a broken state
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
