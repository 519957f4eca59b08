package drive

import "math"

// lane is one connection's side of a run: which bytes to write next, whether
// those that came are right, and what the latencies were. It does no I/O and
// reads no clock, so a run is the same for any sizes of reads and writes. Its
// driver owns it: one thread, or several under a lock.
//
// A request is due, then taken to be written, then answered:
// answered <= sent <= credit.
type lane struct {
	requests *Requests
	meter    *meter

	credit   int64 // requests that may be sent in all: the quota, or those due so far
	sent     int64
	answered int64
	window   int64 // sent-answered at most
	final    bool  // credit grows no more

	next        int // request of the cycle to take next
	out, outEnd int // of requests.bytes: taken, not yet written
	got, reply  int // byte and response of the cycle expected next

	writes ring[write] // not wholly answered, oldest first

	open      bool        // what follows is an open loop's
	dues      ring[int64] // of requests answered to credit
	freeSince int64       // a request due from then on can be written in time
	waiting   bool        // for the socket

	heard   int64 // when the peer last answered, or had nothing to answer
	wrong   bool
	over    bool // known to its crew as finished
	touched bool // on its crew's list of lanes to flush
}

// write is requests taken together.
type write struct{ at, requests int64 }

const unlimited = math.MaxInt64

// newLane makes the lane whose first request is the first-th of the cycle.
func newLane(q *Requests, m *meter, first int, window int64, open bool) lane {
	l := lane{requests: q, meter: m, next: first, reply: first, window: window, open: open}
	if first > 0 {
		l.got = q.replies[first-1].end
	}
	return l
}

// fall makes one more request due.
func (l *lane) fall(due int64) {
	l.credit++
	l.dues.push(due)
}

// ready says whether output has something.
func (l *lane) ready() bool {
	return l.out < l.outEnd || l.credit > l.sent && l.sent-l.answered < l.window
}

// output returns what to write next. Until wrote has been told that all of it
// was written, more is not taken.
func (l *lane) output(now int64) []byte {
	if l.out == l.outEnd {
		l.take(now)
	}
	return l.requests.bytes[l.out:l.outEnd]
}

func (l *lane) take(now int64) {
	n := min(l.credit-l.sent, l.window-(l.sent-l.answered))
	if n <= 0 {
		return
	}
	if l.sent == l.answered {
		l.heard = now
	}
	taken, begin, end := l.requests.run(l.next, n)
	l.out, l.outEnd = begin, end
	l.next = (l.next + taken) % l.requests.Count()
	if l.open {
		l.recordLag(now, taken)
	}
	l.sent += int64(taken)
	l.writes.push(write{now, int64(taken)})
}

// recordLag accounts for requests taken now that could have been when they
// became due.
func (l *lane) recordLag(now int64, taken int) {
	l.meter.mu.Lock()
	defer l.meter.mu.Unlock()
	for i := range taken {
		if due := *l.dues.at(int(l.sent-l.answered) + i); due >= l.freeSince {
			record(l.meter.lag, now-due, 1)
		}
	}
}

// blocked notes that the socket takes no more for now.
func (l *lane) blocked() { l.waiting = true }

// wrote notes that the first n bytes of the last output are written.
func (l *lane) wrote(n int, now int64) {
	l.out += n
	if l.waiting && l.out == l.outEnd {
		l.waiting, l.freeSince = false, now
	}
}

// shut gives up writing.
func (l *lane) shut() {
	l.out, l.credit, l.final = l.outEnd, l.sent, true
}

// stop ends sending: nothing falls due any more. A request that was due but
// found the window or the socket full stays unsent, and counts in the latencies
// with the time it has waited: left out, the worst would be missing.
func (l *lane) stop(now int64) {
	l.final = true
	unsent := l.credit - l.sent
	switch {
	case !l.open:
		l.credit = l.sent
	case unsent > 0 && (l.waiting || l.sent-l.answered >= l.window):
		l.meter.mu.Lock()
		defer l.meter.mu.Unlock()
		for i := l.sent - l.answered; i < l.credit-l.answered; i++ {
			record(l.meter.latency, now-*l.dues.at(int(i)), 1)
		}
		l.meter.unsent += unsent
		l.dues.cut(int(unsent))
		l.credit = l.sent
	}
}

// finished says whether nothing is left to send or to await.
func (l *lane) finished() bool {
	return l.final && l.answered == l.sent && l.sent == l.credit
}

// stalled says whether the peer owes an answer and gave none for so long.
func (l *lane) stalled(now, stall int64) bool {
	return l.answered < l.sent && now-l.heard > stall
}
