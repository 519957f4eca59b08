package ringbuf

import "testing"

// These tests check models of the ring's two protocols, one atomic step at a
// time, in every interleaving that sequential consistency allows, which is the
// order Go's atomics have. They cover the order of the steps, for the few
// goroutines and rounds stated; not the Go code of the steps, which the
// properties and the race detector cover.

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

// check fails unless every state after right can still end well and, to show
// that the check can fail, some state after faulty cannot.
func check[S comparable](t *testing.T, right, faulty S, next func(S) []S, done func(S) bool) {
	t.Helper()
	if states, stuck := reach(right, next, done); len(stuck) > 0 {
		t.Errorf("%d of %d states never end well, such as %+v", len(stuck), len(states), stuck[0])
	}
	if states, stuck := reach(faulty, next, done); len(stuck) == 0 {
		t.Errorf("the fault goes unseen in %d states", len(states))
	}
}

// handshake models Publish against Announce, Sleep and Awake: two producers
// publish an item each, and the consumer sleeps whenever it finds none.
type handshake struct {
	published, polled  int
	wakes, announced   int // announced is counted up to 2, the most wakes there can be
	asleep, permit     bool
	producer           [2]int // next step: 0 store, 1 load, 2 swap, 3 wake, 4 done
	consumer           int    // next step: 0 poll, 1 announce, 2 look, 3 sleep, 4 awake, 5 done
	lookBeforeAnnounce bool   // the fault: steps 1 and 2 swapped
}

func (s handshake) next() (after []handshake) {
	for i, step := range s.producer {
		n := s
		n.producer[i]++
		switch {
		case step == 4:
			continue
		case step == 0:
			n.published++
		case step == 3:
			n.permit, n.wakes = true, s.wakes+1
		case !s.asleep: // nothing to wake, or another took it
			n.producer[i] = 4
		case step == 2:
			n.asleep = false
		}
		after = append(after, n)
	}
	n, step := s, s.consumer
	if s.lookBeforeAnnounce && (step == 1 || step == 2) {
		step = 3 - step
	}
	n.consumer++
	switch {
	case step == 5 || step == 3 && !s.permit:
		return after // done, or asleep
	case step == 0 && s.polled == 2:
		n.consumer = 5
	case step == 0 && s.polled < s.published:
		n.polled, n.consumer = s.polled+1, 0
	case step == 1:
		n.asleep, n.announced = true, min(s.announced+1, 2)
	case step == 2 && s.polled < s.published:
		n.consumer = 4
	case step == 3:
		n.permit = false
	case step == 4:
		n.asleep, n.consumer = false, 0
	}
	return append(after, n)
}

func (s handshake) done() bool { return s.consumer == 5 && s.wakes <= s.announced }

func TestInterleavingsOfPublishAndSleep(t *testing.T) {
	check(t, handshake{}, handshake{lookBeforeAnnounce: true}, handshake.next, handshake.done)
}

// transfer models an MPSC ring of two slots: producer 0 claims runs of one and
// two, producer 1 runs of one, and one consumer reads and releases slot by slot.
// A slot's value is 10*producer + count, counted from 1.
type transfer struct {
	claimed, released int
	available, slots  [2]int
	got               [2]int // by the consumer, from each producer
	producer          [2]struct{ step, run, sent, lo, wrote, limit int }
	step, next        int  // of the consumer
	releaseEarly      bool // the fault: release, then read
	broken            bool
}

// runs are the lengths of each producer's claims.
var runs = [2][]int{{1, 2, 1}, {1, 1, 1}}

func (s transfer) produce(i int) transfer {
	p := &s.producer[i]
	run := runs[i][p.run]
	switch p.step {
	case 0:
		p.lo, p.step = s.claimed, 1
	case 1: // look at the cached gating cursor, then at the real one
		if p.lo+run > p.limit {
			p.limit = s.released + 2
		}
		if p.step = 2; p.lo+run > p.limit {
			p.lo, p.step = 0, 0
		}
	case 2: // compare and swap
		if p.step = 3; s.claimed != p.lo {
			p.lo, p.step = 0, 0
		} else {
			s.claimed += run
			s.broken = s.broken || s.claimed > s.released+2
		}
	case 3: // write slot by slot
		p.sent++
		s.slots[(p.lo+p.wrote)%2] = 10*i + p.sent
		if p.wrote++; p.wrote == run {
			p.step = 4
		}
	case 4:
		s.available[p.lo%2] = p.lo + run
		p.lo, p.wrote, p.step = 0, 0, 0
		p.run++
	}
	return s
}

// consume looks, then reads and releases one slot of the run it found.
func (s transfer) consume() transfer {
	if s.step == 0 { // two steps for each slot of the run: read, release
		s.step = 2 * max(0, s.available[s.next%2]-s.next)
		return s
	}
	if (s.step%2 == 0) != s.releaseEarly {
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
	for i := range s.producer {
		if !s.broken && s.producer[i].run < len(runs[i]) {
			after = append(after, s.produce(i))
		}
	}
	return append(after, s.consume())
}

func (s transfer) done() bool { return s.got == [2]int{4, 3} && !s.broken }

func TestInterleavingsOfMPSC(t *testing.T) {
	check(t, transfer{}, transfer{releaseEarly: true}, transfer.after, transfer.done)
}
