package drive

import "math"

// lane is the state of one connection: which bytes to write next, whether the received
// bytes are right, and what the latencies were. It does no I/O and reads no clock, so its
// results do not depend on the sizes of reads and writes. Its driver owns it: one thread,
// or several under a lock.
//
// A request falls due, is then taken to be written, and is then answered.
//
// Invariant: answered <= sent <= credit.
type lane struct {
	requests *Requests
	meter    *meter

	credit   int64 // requests that may be sent in all: the quota, or the requests due so far
	sent     int64
	answered int64
	told     int64 // answers that account has recorded
	vectors  int64 // vectors of those that it has not
	window   int64 // bound of sent-answered; 0 while the connection takes no requests
	final    bool  // credit does not grow any more
	open     bool  // whether the loop is open
	waiting  bool  // the socket takes no more for now

	next        int // request of the cycle to take next
	out, outEnd int // part of requests.bytes that is taken and not yet written
	got, reply  int // byte and response of the cycle that are expected next
	held        int // how much of odd has arrived; 0: all words were as expected
	skip        int // bytes to skip: of a notice

	writes    ring[write] // writes not answered in full, oldest first
	dues      ring[int64] // due times of requests answered to credit
	freeSince int64       // a request due at this time or later could be written in time
	heard     int64       // when the peer last answered or owed no answer

	wrong   bool
	over    bool // the crew has counted the lane as finished
	touched bool // the lane is on its crew's list of lanes to flush

	// The rest is for what happens seldom.

	odd   [oddBytes]byte // what came in place of an expected word
	lost  int64          // requests that were sent and will not be answered; no other count has them
	usual int64          // the window of a connection that takes requests

	replies      bool  // in version 2: failures and notices may come
	lenient      bool  // a failed request does not end the run
	leaving      bool  // the server is going away
	halfClosed   bool  // and has been told that no request follows
	changed      bool  // the server serves another model than at first
	failed       int64 // requests that failed since the crew last looked
	firstFailure error
}

// write is a number of requests that were taken together, at time at.
type write struct{ at, requests int64 }

const unlimited = math.MaxInt64

// newLane makes a lane that begins with request first of the cycle.
func newLane(q *Requests, m *meter, first int, window int64, open bool) lane {
	l := lane{requests: q, meter: m, next: first, reply: first, window: window, usual: window, open: open}
	l.got = q.replyBegin(first)
	return l
}

// fall makes one more request due.
func (l *lane) fall(due int64) {
	l.credit++
	l.dues.push(due)
}

// ready reports whether output would return bytes.
func (l *lane) ready() bool {
	return l.out < l.outEnd || l.credit > l.sent && l.sent-l.answered < l.window
}

// output returns the bytes to write next. It takes no more requests until wrote has been
// told that all these bytes are written.
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

// recordLag records the lag of the requests taken now that could have been taken when
// they fell due.
func (l *lane) recordLag(now int64, taken int) {
	l.meter.mu.Lock()
	defer l.meter.mu.Unlock()
	for i := range taken {
		if due := *l.dues.at(int(l.sent-l.answered) + i); due >= l.freeSince {
			record(l.meter.lag, now-due, 1)
		}
	}
}

// blocked records that the socket takes no more for now.
func (l *lane) blocked() { l.waiting = true }

// wrote records that the first n bytes of the last output are written.
func (l *lane) wrote(n int, now int64) {
	l.out += n
	if l.waiting && l.out == l.outEnd {
		l.waiting, l.freeSince = false, now
	}
}

// shut stops writing on the connection. What it was taking is not sent to its end.
func (l *lane) shut() { l.out, l.window = l.outEnd, 0 }

// cut ends the lane's connection: all requests in flight are lost. The lane takes requests
// again after rejoin.
func (l *lane) cut() {
	l.shut()
	l.lose(l.sent - l.answered)
	l.reply, l.got, l.held, l.skip = l.next, l.requests.replyBegin(l.next), 0, 0
	l.waiting, l.leaving, l.halfClosed = false, false, false
}

// lose forgets the n oldest requests in flight.
func (l *lane) lose(n int64) {
	l.sent -= n
	l.lost += n
	if l.credit != unlimited {
		l.credit -= n
	}
	for left := n; left > 0; {
		_, of := l.popWrite(left)
		left -= of
	}
	for range n {
		if l.open {
			l.dues.pop()
		}
	}
}

// popWrite removes up to most requests of the oldest write. It returns when they were
// taken, and their number.
func (l *lane) popWrite(most int64) (at, n int64) {
	w := l.writes.at(0)
	at, n = w.at, min(most, w.requests)
	if w.requests -= n; w.requests == 0 {
		l.writes.pop()
	}
	return at, n
}

// rejoin tells the lane that its connection stands again. The generator is not to blame for
// the wait.
func (l *lane) rejoin(now int64) { l.window, l.freeSince = l.usual, now }

// stop ends sending: no more requests fall due. A request that was due but found the
// window or the socket full stays unsent. It counts in the latencies with the time that it
// has waited; without it the worst latencies would be missing.
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

// finished reports whether the lane has nothing left to send or to wait for.
func (l *lane) finished() bool {
	return l.final && l.answered == l.sent && l.sent == l.credit
}

// stalled reports whether the peer owes an answer and has given none for stall.
func (l *lane) stalled(now, stall int64) bool {
	return l.answered < l.sent && now-l.heard > stall
}
