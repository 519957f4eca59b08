package conformance

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/disrust/disrust/wire"
)

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

// counts returns counts that the server does not allow.
func (p *player) counts() []uint32 {
	return []uint32{0, uint32(p.Welcome.Format.MaxVectors) + 1, 0x7FFFFFFF, 0x80000001, 0xC0000001, 0xFFFFFFFF}
}

// count returns the header of a request of n vectors.
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

// moreBytes is the size of what the client sends after a violation: far more than one read of
// a server takes, so that a server that closes its socket leaves input unread.
const moreBytes = 256 << 10

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

// closeHalf sends hello, requests of these sizes, tail and FIN before it reads. It expects the
// given messages, the answers and the end.
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
