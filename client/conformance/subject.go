package conformance

import (
	"fmt"
	"time"

	"github.com/disrust/disrust/wire"
)

// Subject describes a server under test. Its model must follow the rule of
// [Scores]. With one output that is the sum of a row.
type Subject struct {
	Addr string // host:port, or unix: and the path of a Unix socket

	// Welcome is what the server must say of itself to a hello without a fault.
	Welcome wire.Welcome

	// Poison is a row for which the model fails, alone or beside others, with PoisonCode. If
	// it is nil, failures are not checked.
	Poison     []float32
	PoisonCode uint32

	// Patience bounds each connection; 0 means DefaultPatience.
	Patience time.Duration
}

// Finding is the result of one check of a server.
type Finding struct {
	Name string
	Says string // what was checked, in a sentence
	Err  error  // nil: the server passed
}

// CheckServer plays every form of a hello, of requests and of ends on a server, and returns
// one Finding for each check. The server must accept three connections at once, and none of
// its timeouts may be shorter than a few seconds.
func CheckServer(s Subject) (all []Finding) {
	if s.Patience == 0 {
		s.Patience = DefaultPatience
	}
	for _, c := range checks() {
		if c.needsPoison && s.Poison == nil {
			continue
		}
		all = append(all, c.run(s))
	}
	return all
}

// check is one conversation with a server, or several that belong together.
type check struct {
	name, says  string
	needsPoison bool
	do          func(*player) error
}

func (c check) run(s Subject) Finding {
	p := &player{Subject: s}
	defer p.close()
	return Finding{c.name, c.says, c.do(p)}
}

// player plays one check. Its requests have different rows.
type player struct {
	Subject
	rows  int // made so far
	lines []*line
}

// close closes all connections, and returns when nothing is being sent.
func (p *player) close() {
	for _, l := range p.lines {
		l.Close()
		l.awaitSent(false)
	}
}

// ask returns a request of new rows, and the expectation of its answer.
func (p *player) ask(vectors int) ([]byte, expectation) {
	format := p.Welcome.Format
	var rows []float32
	scores := make([]float32, vectors*format.Outputs)
	for k := range vectors {
		r := row(p.rows%1000, format.Dim)
		Scores(scores[k*format.Outputs:(k+1)*format.Outputs], r)
		rows = append(rows, r...)
		p.rows++
	}
	return wire.AppendRequest(nil, vectors, rows),
		bytesExpected(fmt.Sprintf("the answer to a request of %d vectors", vectors), wire.AppendResponse(nil, vectors, scores))
}

// askAll returns requests of these sizes, and the expectations of their answers.
func (p *player) askAll(sizes ...int) (requests []byte, answers []expectation) {
	for _, vectors := range sizes {
		request, answer := p.ask(min(vectors, p.Welcome.Format.MaxVectors))
		requests, answers = append(requests, request...), append(answers, answer)
	}
	return requests, answers
}
