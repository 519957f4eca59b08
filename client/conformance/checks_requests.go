package conformance

import (
	"errors"
	"slices"

	"github.com/disrust/disrust/wire"
)

func checksOfRequests() []check {
	return []check{
		{name: "pipelined", says: "requests follow the hello without waiting, and are answered in order", do: pipelined},
		{name: "pipelined-v1", says: "requests of version 1 are answered in order, and nothing of version 2 comes", do: pipelinedOld},
		{name: "largest", says: "a request of max_vectors is answered", do: largest},
		{name: "both-versions", says: "connections of both versions are served at once", do: bothVersions},
		{name: "failure", says: "a failed request names its first row that fails, and its neighbours are answered", needsPoison: true, do: failureInPlace},
		{name: "failure-alone", says: "a failed request concerns no other connection", needsPoison: true, do: failureAlone},
		{name: "failure-v1", says: "in version 1 a failed request ends the connection, after the answers before it", needsPoison: true, do: failureOld},
	}
}

// many are the sizes of a long pipeline.
var many = slices.Repeat([]int{1, 2, 8, 1, 64, 3, 1, 1}, 12)

// talk sends hello, if any, and requests of these sizes in one write, half-closes, and checks
// that the answers come and nothing else.
func (p *player) talk(hello []byte, sizes ...int) error {
	l, err := p.dial()
	if err != nil {
		return err
	}
	requests, expect := p.askAll(sizes...)
	if hello != nil {
		expect = append([]expectation{welcomedWith(wire.Welcomed)}, expect...)
	}
	l.send(append(slices.Clone(hello), requests...))
	if err := l.expect(expect...); err != nil {
		return err
	}
	return l.finish()
}

// finish half-closes and expects the end.
func (l *line) finish() error {
	if err := l.CloseWrite(); err != nil {
		return err
	}
	return l.expect(end)
}

func pipelined(p *player) error    { return p.talk(anyHello, many...) }
func pipelinedOld(p *player) error { return p.talk(nil, many...) }

func largest(p *player) error {
	most := p.Welcome.Format.MaxVectors
	return errors.Join(p.talk(anyHello, most, 1, most), p.talk(nil, most, 1, most))
}

func bothVersions(p *player) error {
	ended := make(chan error)
	hellos := [][]byte{anyHello, nil, wire.AppendHello(nil, p.exact())}
	for _, hello := range hellos {
		own := &player{Subject: p.Subject}
		go func() {
			defer own.close()
			ended <- own.talk(hello, many...)
		}()
	}
	var errs error
	for range hellos {
		errs = errors.Join(errs, <-ended)
	}
	return errs
}

// poisoned returns a request of new rows with the poison in these places.
func (p *player) poisoned(vectors int, at ...int) []byte {
	request, _ := p.ask(vectors)
	for _, n := range at {
		copy(request[wire.HeaderBytes+n*p.Welcome.Format.RowBytes():], encode(p.Poison))
	}
	return request
}

func failureInPlace(p *player) error {
	send, expect := slices.Clone(anyHello), []expectation{welcomedWith(wire.Welcomed)}
	for vectors := 1; vectors <= min(5, p.Welcome.Format.MaxVectors); vectors++ {
		for first := range vectors {
			before, beforeAnswers := p.askAll(1, 2)
			after, afterAnswer := p.ask(1)
			send = slices.Concat(send, before, p.poisoned(vectors, first), after, p.poisoned(vectors, first, vectors-1))
			expect = slices.Concat(expect, beforeAnswers, []expectation{
				failure(p.PoisonCode, uint32(first)), afterAnswer, failure(p.PoisonCode, uint32(first)),
			})
		}
	}
	last, lastAnswer := p.ask(1)
	return p.converse(append(send, last...), append(expect, lastAnswer)...)
}

func failureAlone(p *player) error {
	var lines [2]*line
	for n := range lines {
		l, err := p.dial()
		if err != nil {
			return err
		}
		lines[n] = l
		l.send(anyHello)
		if err := l.expect(welcomedWith(wire.Welcomed)); err != nil {
			return err
		}
	}
	for range 10 {
		before, beforeAnswers := p.askAll(1, 2)
		after, afterAnswer := p.ask(1)
		beside, besideAnswers := p.askAll(2, 1)
		lines[0].send(slices.Concat(before, p.poisoned(1, 0)))
		lines[1].send(beside)
		err := errors.Join(lines[0].expect(append(beforeAnswers, failure(p.PoisonCode, 0))...), lines[1].expect(besideAnswers...))
		if err != nil {
			return err
		}
		beside, besideAnswers = p.askAll(1, 1)
		lines[1].send(beside)
		lines[0].send(after)
		if err := errors.Join(lines[1].expect(besideAnswers...), lines[0].expect(afterAnswer)); err != nil {
			return err
		}
	}
	return nil
}

func failureOld(p *player) error {
	requests, answers := p.askAll(1, 3)
	after, _ := p.askAll(1)
	return p.converse(slices.Concat(requests, p.poisoned(1, 0), after), append(answers, end)...)
}
