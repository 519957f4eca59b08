package conformance

import (
	"encoding/binary"
	"errors"
	"fmt"
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

func checksOfEnds() []check {
	return []check{
		{name: "count", says: "a count that is not allowed is code 3, after all answers, and FIN follows", do: badCounts},
		{name: "count-v1", says: "in version 1 a count that is not allowed ends the connection, after all answers", do: badCountsOld},
		{name: "hello-late", says: "in version 1 a hello is a count that is not allowed", do: lateHello},
		{name: "no-reset", says: "a client that goes on sending after a violation gets all answers and no reset", do: noReset},
		{name: "half-close", says: "after the client's FIN all whole requests are answered, and FIN follows", do: halfClose},
		{name: "half-close-v1", says: "the same in version 1", do: halfCloseOld},
		{name: "half-close-in-hello", says: "the client's FIN within a hello ends the connection without a welcome", do: halfHello},
	}
}

// counts are not allowed.
func (p *player) counts() []uint32 {
	return []uint32{0, uint32(p.Welcome.Format.MaxVectors) + 1, 0x7FFFFFFF, 0x80000001, 0xC0000001, 0xFFFFFFFF}
}

// count is the word that begins a request.
func count(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }

func badCounts(p *player) error {
	for _, n := range p.counts() {
		for _, sizes := range [][]int{nil, {1, 2, 1}} {
			requests, answers := p.askAll(sizes...)
			after, _ := p.askAll(1)
			expect := append([]expectation{welcomedWith(wire.Welcomed)}, answers...)
			expect = append(expect, failure(wire.CountDenied, n), end)
			if err := p.converse(slices.Concat(anyHello, requests, count(n), after), expect...); err != nil {
				return fmt.Errorf("the count %#x after %d requests: %w", n, len(sizes), err)
			}
		}
	}
	return nil
}

func badCountsOld(p *player) error {
	for _, n := range p.counts() {
		requests, answers := p.askAll(1, 2, 1)
		after, _ := p.askAll(1)
		if err := p.converse(slices.Concat(requests, count(n), after), append(answers, end)...); err != nil {
			return fmt.Errorf("the count %#x: %w", n, err)
		}
	}
	return nil
}

func lateHello(p *player) error {
	requests, answers := p.askAll(1, 2)
	after, _ := p.askAll(1)
	return p.converse(slices.Concat(requests, anyHello, after), append(answers, end)...)
}

// moreBytes is what a client sends after a violation: too much for the buffers of a server
// that does not read on.
const moreBytes = 1 << 20

func noReset(p *player) error {
	for _, hello := range [][]byte{anyHello, nil} {
		l, err := p.dial()
		if err != nil {
			return err
		}
		requests, expect := p.askAll(many...)
		if hello != nil {
			expect = append([]expectation{welcomedWith(wire.Welcomed)}, expect...)
			expect = append(expect, failure(wire.CountDenied, 0))
		}
		l.send(slices.Concat(hello, requests, make([]byte, moreBytes)))
		if err := l.expect(append(expect, end)...); err != nil {
			return err
		}
		if _, err := l.Write(count(1)); err != nil {
			return fmt.Errorf("after the server's FIN: %w", err)
		}
		l.Close()
	}
	return nil
}

func halfClose(p *player) error {
	whole, _ := p.ask(2)
	for _, tail := range [][]byte{nil, whole[:2], whole[:len(whole)-1]} {
		for _, sizes := range [][]int{nil, {1, 3, 1}} {
			if err := p.closeHalf(anyHello, sizes, tail, welcomedWith(wire.Welcomed)); err != nil {
				return fmt.Errorf("%d requests and %d bytes of another: %w", len(sizes), len(tail), err)
			}
		}
	}
	return nil
}

func halfCloseOld(p *player) error {
	whole, _ := p.ask(2)
	for _, tail := range [][]byte{nil, whole[:2], whole[:len(whole)-1]} {
		if err := p.closeHalf(nil, []int{1, 3, 1}, tail); err != nil {
			return fmt.Errorf("%d bytes of another request: %w", len(tail), err)
		}
	}
	return nil
}

func halfHello(p *player) error {
	for _, n := range []int{0, 1, 4, 7, 8, len(anyHello) - 1} {
		if err := p.closeHalf(anyHello[:n], nil, nil); err != nil {
			return fmt.Errorf("%d bytes of a hello: %w", n, err)
		}
	}
	return nil
}

// closeHalf sends all this and FIN before it reads, and expects the answers and the end.
func (p *player) closeHalf(hello []byte, sizes []int, tail []byte, expect ...expectation) error {
	l, err := p.dial()
	if err != nil {
		return err
	}
	defer l.Close()
	requests, answers := p.askAll(sizes...)
	l.send(slices.Concat(hello, requests, tail))
	if err := l.awaitSent(true); err != nil {
		return err
	}
	if err := l.CloseWrite(); err != nil {
		return err
	}
	return l.expect(slices.Concat(expect, answers, []expectation{end})...)
}
