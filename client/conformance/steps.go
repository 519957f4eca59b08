package conformance

import (
	"fmt"
	"time"

	"github.com/disrust/disrust/wire"
)

// Step is one thing that a server does on a connection.
type Step struct {
	Text string // what it is, in words
	do   func(*peer) error
}

// hello reads a hello. A hello that does not state what the scenario says is a fault.
var hello = Step{"read the hello", (*peer).readHello}

func (p *peer) readHello() error {
	const what = "a hello"
	deadline := p.run.deadline()
	head, err := p.read(wire.PreambleBytes, deadline, what)
	if err != nil {
		return err
	}
	preamble, _, err := wire.ParsePreamble(head)
	if err != nil {
		return p.fault("the client sent no hello: it began with % x", head)
	}
	if preamble.Version != wire.Version || preamble.Size%4 != 0 {
		return p.fault("the hello has version %d and a body of %d bytes: want version %d and a multiple of 4", preamble.Version, preamble.Size, wire.Version)
	}
	body, err := p.read(preamble.Size, deadline, what)
	if err != nil {
		return err
	}
	h, err := wire.ParseHello(body, preamble.Size)
	if err != nil {
		return p.fault("the body of the hello does not hold its fields: % x", body)
	}
	return p.checkHello(h, body)
}

// checkHello notes a fault unless each field has the value of the scenario. Where the scenario
// states nothing, a field is zero or the server's value.
func (p *peer) checkHello(h wire.Hello, body []byte) error {
	s := p.run.scenario
	states, serves := s.States, s.Serves
	if string(body) != string(wire.AppendHello(nil, h)[wire.PreambleBytes:]) {
		return p.fault("the hello ends with something other than its padding: % x", body)
	}
	for _, field := range []struct {
		name              string
		is, states, serve uint32
	}{
		{"dim", h.Dim, states.Dim, uint32(serves.Format.Dim)},
		{"outputs", h.Outputs, states.Outputs, uint32(serves.Format.Outputs)},
		{"kind", uint32(h.Kind), uint32(states.Kind), uint32(serves.Kind)},
		{"max_vectors", h.MaxVectors, states.MaxVectors, uint32(serves.Format.MaxVectors)},
	} {
		if field.is != field.states && (field.states != 0 || field.is != field.serve) {
			return p.fault("the hello states %s %d: want %d", field.name, field.is, field.states)
		}
	}
	if h.Model != states.Model && (states.Model != "" || h.Model != serves.Model) {
		return p.fault("the hello states the model %q: want %q", h.Model, states.Model)
	}
	return nil
}

var welcome = Step{"send the welcome", func(p *peer) error { return p.send(p.run.scenario.welcome()) }}

func (s *Scenario) welcome() []byte { return wire.AppendWelcome(nil, s.Serves) }

// greet returns the first steps on a connection that has no script.
func (s *Scenario) greet() []Step {
	if s.Version == 1 {
		return nil
	}
	return []Step{hello, welcome}
}

// refuse sends a welcome with this status, sends FIN, and drops further bytes.
func refuse(status wire.Verdict) Step {
	return Step{fmt.Sprintf("refuse with status %d, send FIN, drop further bytes", status), func(p *peer) error {
		w := p.run.scenario.Serves
		w.Verdict = status
		if err := p.send(wire.AppendWelcome(nil, w)); err != nil {
			return err
		}
		return p.fin()
	}}
}

// requests reads until n requests are not answered.
func requests(n int) Step {
	return Step{fmt.Sprintf("await %s", counted(n, "request")), func(p *peer) error {
		deadline := p.run.deadline()
		for len(p.pending) < n {
			if err := p.receive(deadline, fmt.Sprintf("request %d of %d", len(p.pending)+1, n)); err != nil {
				return err
			}
		}
		return nil
	}}
}

// untilRound reads until a request of this round has come.
func untilRound(round int) Step {
	return Step{fmt.Sprintf("await a request of round %d", round), func(p *peer) error {
		deadline := p.run.deadline()
		for p.run.ledger.lastRoundSeen() < round {
			if err := p.receive(deadline, fmt.Sprintf("a request of round %d", round)); err != nil {
				return err
			}
		}
		return nil
	}}
}

// answers answers the oldest n requests.
func answers(n int) Step {
	return Step{fmt.Sprintf("answer %s", counted(n, "request")), func(p *peer) error { return p.answer(min(n, len(p.pending))) }}
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// partAnswer sends the beginning of the answer to the oldest request.
func partAnswer(bytes int) Step {
	return Step{fmt.Sprintf("send %s of an answer", counted(bytes, "byte")), func(p *peer) error {
		if len(p.pending) == 0 {
			return nil
		}
		b := p.run.ledger.reply(p.pending[0])
		p.settle("a part of its answer")
		return p.send(b[:bytes])
	}}
}

// partWelcome sends the beginning of the welcome.
func partWelcome(bytes int) Step {
	return Step{fmt.Sprintf("send %s of the welcome", counted(bytes, "byte")), func(p *peer) error {
		return p.send(p.run.scenario.welcome()[:bytes])
	}}
}

// fin sends FIN. Afterwards the server drops further bytes.
var fin = Step{"send FIN, drop further bytes", (*peer).fin}

var reset = Step{"reset the connection", func(p *peer) error {
	p.settle("a reset")
	p.SetLinger(0)
	p.Close()
	return errReset
}}

var awaitFIN = Step{"await the client's FIN", (*peer).awaitFIN}

// pieces makes all later writes small.
func pieces(bytes int) Step {
	return Step{fmt.Sprintf("from now on write %s at a time", counted(bytes, "byte")), func(p *peer) error {
		p.piece = bytes
		return nil
	}}
}

// delay lets time pass before the next step, to test the client's patience.
func delay(d time.Duration) Step {
	return Step{fmt.Sprintf("do nothing for %v", d), func(*peer) error {
		time.Sleep(d)
		return nil
	}}
}

// silence says nothing until the client closes.
var silence = Step{"say nothing until the client closes", func(p *peer) error {
	p.settle("the client's own timeout")
	return p.drop("after its own timeout")
}}

// drop ends the script after awaitClose.
func (p *peer) drop(why string) error {
	if err := p.awaitClose(why); err != nil {
		return err
	}
	return errClosed
}

// together sends the answers to n requests in one write, each followed by the bytes after.
func together(text string, n int, after []byte) Step {
	return Step{text, func(p *peer) error {
		var b []byte
		for _, r := range p.pending[:min(n, len(p.pending))] {
			b = append(append(b, p.run.ledger.reply(r)...), after...)
		}
		p.pending = p.pending[min(n, len(p.pending)):]
		return p.send(b)
	}}
}

// send sends bytes that a right client understands.
func send(text string, b []byte) Step {
	return Step{text, func(p *peer) error { return p.send(b) }}
}

// violate sends bytes that break the protocol. The client must not send unanswered requests
// again.
func violate(text string, b []byte) Step {
	return Step{text, func(p *peer) error {
		p.settle("bytes that break the protocol")
		if err := p.send(b); err != nil {
			return err
		}
		return p.drop("after bytes that break the protocol")
	}}
}

// deny fails the oldest request because of its count. The client must not send it again.
var deny = Step{"send code 3 for the oldest request", func(p *peer) error {
	if len(p.pending) == 0 {
		return nil
	}
	denied := p.pending[0]
	p.pending = p.pending[1:]
	p.run.ledger.settle([]request{denied}, "code 3")
	return p.send(wire.AppendFailure(nil, wire.CountDenied, uint32(denied.vectors)))
}}

// goAway sends the bytes of before and the notice going away in one write.
func goAway(text string, before func(*Scenario) []byte) Step {
	return Step{text, func(p *peer) error {
		p.lastRound = p.run.ledger.lastRoundSeen()
		if len(p.pending) == 0 {
			p.lastRound++ // its requests may have been sent before the notice came
		}
		return p.send(wire.AppendGoingAway(before(p.run.scenario)))
	}}
}

var goingAway = goAway("send the notice going away", func(*Scenario) []byte { return nil })

// oldServer does what a version 1 server does with a hello: its first word is a count that is
// not allowed.
var oldServer = Step{"take the hello for a count, send FIN, drop further bytes", func(p *peer) error {
	head, err := p.read(wire.HeaderBytes, p.run.deadline(), "a hello")
	if err != nil {
		return err
	}
	if !wire.IsHello(head) {
		return p.fault("the client sent no hello: it began with % x", head)
	}
	return p.fin()
}}
