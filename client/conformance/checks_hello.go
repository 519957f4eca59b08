package conformance

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/disrust/disrust/wire"
)

// checks returns all checks of a server.
func checks() []check { return slices.Concat(checksOfHellos(), checksOfRequests(), checksOfEnds()) }

func checksOfHellos() []check {
	return []check{
		{name: "hello-any", says: "a hello that states nothing is welcome, on each connection with the same words", do: helloAny},
		{name: "hello-exact", says: "a hello that states what the server has is welcome, field by field and altogether", do: helloExact},
		{name: "hello-refused", says: "each field that differs has its status, and of several the lowest counts", do: helloRefused},
		{name: "hello-version", says: "a lower version is refused before all else, and a higher one answered in version 2", do: helloVersion},
		{name: "hello-malformed", says: "a body that does not hold its fields is refused before any field", do: helloMalformed},
		{name: "hello-name", says: "names compare as bytes", do: helloName},
		{name: "hello-longer", says: "what follows the fields of a hello is skipped", do: helloLonger},
		{name: "hello-pieces", says: "a hello and a request may come one byte at a time", do: helloPieces},
		{name: "hello-slow", says: "a hello that takes its time, and silence after the welcome, hold nobody up", do: helloSlow},
		{name: "hello-limit", says: "a hello with a lower max_vectors does not lower the server's limit", do: helloLimit},
		{name: "hello-second", says: "a second hello is code 3, after all answers", do: helloSecond},
	}
}

var anyHello = wire.AppendHello(nil, wire.Hello{})

// exact returns the hello that states what the server has.
func (p *player) exact() wire.Hello {
	w := p.Welcome
	return wire.Hello{
		Dim: uint32(w.Format.Dim), Outputs: uint32(w.Format.Outputs), Kind: w.Kind,
		MaxVectors: uint32(w.Format.MaxVectors), Model: w.Model,
	}
}

// served says hello, and checks that the server welcomes and serves.
func (p *player) served(hello []byte) error {
	requests, answers := p.askAll(1, 3)
	return p.converse(append(slices.Clone(hello), requests...), append([]expectation{welcomedWith(wire.Welcomed)}, answers...)...)
}

// refused says hello, goes on sending, and checks that the server refuses, ends the connection
// in order, and answers nothing.
func (p *player) refused(hello []byte, verdict wire.Verdict) error {
	requests, _ := p.askAll(1, 2, 1)
	return p.converse(append(slices.Clone(hello), requests...), welcomedWith(verdict), end)
}

func helloAny(p *player) error {
	for n := range 3 {
		if err := p.served(anyHello); err != nil {
			return fmt.Errorf("connection %d: %w", n+1, err)
		}
	}
	return nil
}

func helloExact(p *player) error {
	all := p.exact()
	for _, h := range []wire.Hello{
		all, {Dim: all.Dim}, {Outputs: all.Outputs}, {Kind: all.Kind}, {MaxVectors: all.MaxVectors}, {Model: all.Model},
	} {
		if err := p.served(wire.AppendHello(nil, h)); err != nil {
			return fmt.Errorf("%+v: %w", h, err)
		}
	}
	return nil
}

// faults are the fields that a hello may state wrongly, by rising verdict.
var faults = []struct {
	verdict wire.Verdict
	state   func(*wire.Hello)
}{
	{wire.WrongDim, func(h *wire.Hello) { h.Dim = other(h.Dim) }},
	{wire.WrongOutputs, func(h *wire.Hello) { h.Outputs = other(h.Outputs) }},
	{wire.TooManyVectors, func(h *wire.Hello) { h.MaxVectors++ }},
	{wire.WrongModel, func(h *wire.Hello) { h.Model = "not " + h.Model[:min(len(h.Model), 200)] }},
	{wire.WrongKind, func(h *wire.Hello) { h.Kind = h.Kind%3 + 1 }},
}

// other returns another size that is not 0.
func other(size uint32) uint32 { return size ^ 1 | size&1<<1 }

func helloRefused(p *player) error {
	for mask := 1; mask < 1<<len(faults); mask++ {
		h, lowest := p.exact(), wire.Welcomed
		for n := len(faults) - 1; n >= 0; n-- {
			if mask&(1<<n) != 0 {
				faults[n].state(&h)
				lowest = faults[n].verdict
			}
		}
		if err := p.refused(wire.AppendHello(nil, h), lowest); err != nil {
			return fmt.Errorf("%+v: %w", h, err)
		}
	}
	return nil
}

// ofVersion returns a hello with another version in its header.
func ofVersion(version uint16, hello []byte) []byte {
	hello = slices.Clone(hello)
	binary.LittleEndian.PutUint16(hello[4:], version)
	return hello
}

func helloVersion(p *player) error {
	wrong := p.exact()
	wrong.Dim = other(wrong.Dim)
	for _, version := range []uint16{0, 1} {
		for _, hello := range [][]byte{anyHello, wire.AppendHello(nil, wrong), withBody(make([]byte, 4)), withBody(nil)} {
			if err := p.refused(ofVersion(version, hello), wire.WrongVersion); err != nil {
				return fmt.Errorf("version %d, % x: %w", version, hello, err)
			}
		}
	}
	for _, version := range []uint16{3, 0xFFFF} {
		if err := p.served(ofVersion(version, anyHello)); err != nil {
			return fmt.Errorf("version %d: %w", version, err)
		}
		if err := p.refused(ofVersion(version, wire.AppendHello(nil, wrong)), wire.WrongDim); err != nil {
			return fmt.Errorf("version %d, another dim: %w", version, err)
		}
	}
	return nil
}

// withBody returns a hello with this body.
func withBody(body []byte) []byte {
	b := append([]byte("DIS2\x02\x00"), byte(len(body)), byte(len(body)>>8))
	return append(b, body...)
}

func helloMalformed(p *player) error {
	wrong := p.exact()
	wrong.Dim = other(wrong.Dim)
	fields := wire.AppendHello(nil, wrong)[wire.PreambleBytes:]
	const fixed = 4 * 4 // before the name
	for _, body := range [][]byte{
		nil,
		fields[:4],
		fields[:fixed],
		append(slices.Clone(fields[:fixed]), 4, 'n', 'a', 'm'),              // the name has 4 bytes, and 3 follow
		append(slices.Clone(fields[:fixed]), 255, 0, 0, 0),                  // the name has 255
		append(slices.Clone(fields[:fixed]), 0),                             // no multiple of 4
		append(slices.Clone(fields[:fixed]), 0, 0, 0, 0, 0, 0),              // neither
		append(slices.Clone(fields[:fixed]), bytes.Repeat([]byte{1}, 7)...), // neither
	} {
		if err := p.refused(withBody(body), wire.Malformed); err != nil {
			return fmt.Errorf("a body of %d bytes: % x: %w", len(body), body, err)
		}
	}
	return nil
}

func helloName(p *player) error {
	model := p.Welcome.Model
	for _, name := range []string{model + "\x00", model + " ", " " + model, strings.ToUpper(model), strings.ToLower(model), strings.Repeat("é", 127)} {
		if len(name) > wire.MaxNameBytes || name == model || name == "" {
			continue
		}
		if err := p.refused(wire.AppendHello(nil, wire.Hello{Model: name}), wire.WrongModel); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
	}
	return nil
}

func helloLonger(p *player) error {
	fields := wire.AppendHello(nil, p.exact())[wire.PreambleBytes:]
	for _, more := range []int{4, 256, 1024, 0xFFFC - len(fields)} {
		body := append(slices.Clone(fields), bytes.Repeat([]byte{0xFF}, more)...)
		if err := p.served(withBody(body)); err != nil {
			return fmt.Errorf("%d bytes more: %w", more, err)
		}
	}
	return nil
}

func helloPieces(p *player) error {
	l, err := p.dial()
	if err != nil {
		return err
	}
	requests, answers := p.askAll(1, 2)
	for _, b := range slices.Concat(wire.AppendHello(nil, p.exact()), requests[:min(len(requests), 2000)]) {
		if _, err := l.Write([]byte{b}); err != nil {
			return err
		}
	}
	l.send(requests[min(len(requests), 2000):])
	return l.expect(append([]expectation{welcomedWith(wire.Welcomed)}, answers...)...)
}

func helloSlow(p *player) error {
	half, err := p.dial()
	if err != nil {
		return err
	}
	silent, err := p.dial()
	if err != nil {
		return err
	}
	half.send(anyHello[:len(anyHello)-3])
	silent.send(anyHello)
	if err := silent.expect(welcomedWith(wire.Welcomed)); err != nil {
		return err
	}
	for _, hello := range [][]byte{anyHello, nil} {
		requests, answers := p.askAll(1, 3)
		expect := answers
		if hello != nil {
			expect = append([]expectation{welcomedWith(wire.Welcomed)}, answers...)
		}
		if err := p.converse(append(slices.Clone(hello), requests...), expect...); err != nil {
			return fmt.Errorf("beside half a hello: %w", err)
		}
	}
	requests, answers := p.askAll(2, 1)
	silent.send(requests)
	if err := silent.expect(answers...); err != nil {
		return fmt.Errorf("after silence: %w", err)
	}
	requests, answers = p.askAll(1)
	half.send(append(slices.Clone(anyHello[len(anyHello)-3:]), requests...))
	return half.expect(append([]expectation{welcomedWith(wire.Welcomed)}, answers...)...)
}

func helloLimit(p *player) error {
	hello := wire.AppendHello(nil, wire.Hello{MaxVectors: 1})
	requests, answers := p.askAll(p.Welcome.Format.MaxVectors, 1)
	return p.converse(append(hello, requests...), append([]expectation{welcomedWith(wire.Welcomed)}, answers...)...)
}

func helloSecond(p *player) error {
	for _, sizes := range [][]int{nil, {1, 2, 3}} {
		requests, answers := p.askAll(sizes...)
		after, _ := p.askAll(1, 1)
		expect := append([]expectation{welcomedWith(wire.Welcomed)}, answers...)
		expect = append(expect, failure(wire.CountDenied, wire.Magic), end)
		if err := p.converse(slices.Concat(anyHello, requests, anyHello, after), expect...); err != nil {
			return fmt.Errorf("after %d requests: %w", len(sizes), err)
		}
	}
	return nil
}
