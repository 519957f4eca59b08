package conformance

import (
	"fmt"
	"sync"

	"github.com/disrust/disrust/wire"
)

// ledger follows the rows of a scenario over all its connections. It knows each row by its
// bytes, because no two rows are the same. It notes what a client does wrong.
type ledger struct {
	scenario *Scenario
	rows     []sentRow
	byBytes  map[string]int // index in rows

	mu     sync.Mutex
	faults []string
	saw    []string
}

// sentRow is one row of one call, with its state.
type sentRow struct {
	round, call, at int // at is its place in the call; call counts over all rounds, from 0
	of              *Call
	state           rowState
	conn            int    // the connection on which it came last
	why             string // if spent: why it must not come again
}

type rowState uint8

const (
	unseen   rowState = iota
	pending           // received and not answered
	answered          // scored or failed
	released          // its connection ended in order: it may come again
	spent             // it must not come again
)

// request is a whole request that was received: rows that follow each other in one call.
type request struct{ first, vectors int }

func newLedger(s *Scenario) *ledger {
	l := &ledger{scenario: s, byBytes: make(map[string]int)}
	call := 0
	for r := range s.Rounds {
		for c := range s.Rounds[r] {
			of := &s.Rounds[r][c]
			for at := range of.Vectors {
				n := len(l.rows)
				l.rows = append(l.rows, sentRow{round: r, call: call, at: at, of: of})
				l.byBytes[string(encode(row(n, of.features(s))))] = n
			}
			call++
		}
	}
	return l
}

// encode returns the bytes of floats in a request or an answer.
func encode(floats []float32) []byte {
	return wire.AppendRequest(nil, 1, floats)[wire.HeaderBytes:]
}

func (l *ledger) fault(conn int, format string, a ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.noteFault(conn, format, a...)
}

// noteFault is fault. mu is held.
func (l *ledger) noteFault(conn int, format string, a ...any) {
	text := fmt.Sprintf("connection %d: ", conn) + fmt.Sprintf(format, a...)
	l.faults = append(l.faults, text)
	l.saw = append(l.saw, text)
}

func (l *ledger) note(conn int, format string, a ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.saw = append(l.saw, fmt.Sprintf("connection %d: ", conn)+fmt.Sprintf(format, a...))
}

// receive records the rows of a request. If they are not rows of one call, receive notes a
// fault and returns false. A request that must not come now is a fault too, but is recorded.
func (l *ledger) receive(conn int, payload []byte, lastRound int) (r request, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rowBytes := l.scenario.Serves.Format.RowBytes()
	r.vectors = len(payload) / rowBytes
	for k := range r.vectors {
		n, known := l.byBytes[string(payload[k*rowBytes:(k+1)*rowBytes])]
		if k == 0 {
			r.first = n
		}
		if !known || n != r.first+k || l.rows[n].call != l.rows[r.first].call {
			l.noteFault(conn, "row %d of a request of %d vectors is none of the scenario's, or does not follow the row before it", k, r.vectors)
			return r, false
		}
	}
	l.saw = append(l.saw, fmt.Sprintf("connection %d: received %v", conn, l.describe(r)))
	l.judge(conn, r, lastRound)
	for n := r.first; n < r.first+r.vectors; n++ {
		l.rows[n].state, l.rows[n].conn = pending, conn
	}
	return r, true
}

// judge notes a fault if r may not come now. After the notice going away only calls up to
// lastRound may come on the connection. mu is held.
func (l *ledger) judge(conn int, r request, lastRound int) {
	first := l.rows[r.first]
	for n := r.first; n < r.first+r.vectors; n++ {
		switch row := l.rows[n]; row.state {
		case pending:
			l.noteFault(conn, "%v came again, while connection %d still has it", l.describe(r), row.conn)
			return
		case answered:
			l.noteFault(conn, "%v came again after its answer", l.describe(r))
			return
		case spent:
			l.noteFault(conn, "%v came again after %s", l.describe(r), row.why)
			return
		}
	}
	switch {
	case first.round > lastRound:
		l.noteFault(conn, "%v came after the notice going away", l.describe(r))
	case !(first.of.allows(Scored) || first.of.allows(Failed) || first.of.allows(Lost) || first.of.allows(TimedOut)):
		l.noteFault(conn, "%v came, but its outcome is %q", l.describe(r), first.of.Outcome)
	}
}

// describe names r by its call and rows, which count from 0 as in the task. mu is held.
func (l *ledger) describe(r request) string {
	first := l.rows[r.first]
	return fmt.Sprintf("call %d, rows %d to %d", first.call, first.at, first.at+r.vectors-1)
}

// reply returns the right answer to r, or its failure, and notes that it was sent.
func (l *ledger) reply(r request) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n := r.first; n < r.first+r.vectors; n++ {
		l.rows[n].state = answered
	}
	first := l.rows[r.first]
	if of := first.of; of.Outcome == Failed {
		if of.Row == UnknownRow {
			return wire.AppendFailure(nil, of.Code, wire.NoRow)
		}
		if detail := of.Row - first.at; detail >= 0 && detail < r.vectors {
			return wire.AppendFailure(nil, of.Code, uint32(detail))
		}
	}
	return wire.AppendResponse(nil, r.vectors, l.scores(r))
}

func (l *ledger) scores(r request) []float32 {
	outputs := l.scenario.Serves.Format.Outputs
	scores := make([]float32, r.vectors*outputs)
	for k := range r.vectors {
		n := r.first + k
		Scores(scores[k*outputs:(k+1)*outputs], row(n, l.rows[n].of.features(l.scenario)))
	}
	return scores
}

// settle records that the server will not answer these requests. If why is empty, the client
// may send them again.
func (l *ledger) settle(requests []request, why string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range requests {
		for n := r.first; n < r.first+r.vectors; n++ {
			if l.rows[n].state, l.rows[n].why = spent, why; why == "" {
				l.rows[n].state = released
			}
		}
	}
}

// lastRoundSeen returns the round of the latest call that has come, or -1.
func (l *ledger) lastRoundSeen() (last int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	last = -1
	for _, row := range l.rows {
		if row.state != unseen {
			last = max(last, row.round)
		}
	}
	return last
}

// close notes a fault for each call that had to come and did not.
func (l *ledger) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	missing := -1
	for _, row := range l.rows {
		must := len(row.of.May) == 0 && (row.of.Outcome == Scored || row.of.Outcome == Failed && row.of.Row == UnknownRow)
		if must && row.state != answered && row.call != missing {
			missing = row.call
			l.faults = append(l.faults, fmt.Sprintf("call %d, row %d was never answered: it did not come, or not where it could be answered", row.call, row.at))
		}
	}
}
