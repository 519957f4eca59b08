//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// refused sends a hello that the daemon must refuse, and often megabytes of requests behind it.
// It reads the refusal and EOF, now or later, or it resets instead. An operation is such a
// hello.
func refused(ctx context.Context, p *peer) error {
	c, err := p.open(ctx, rawtest.Dial)
	if err != nil {
		return err
	}
	defer c.closeOnce()
	hello, status := p.wrongHello()
	var behind []byte
	if p.IntN(2) == 0 {
		behind, _ = p.pipeline(1+p.IntN(128), maxVectors)
	}
	p.did(1)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		if c.Send(hello) == nil && len(behind) > 0 {
			c.Send(behind) // may fail: the daemon need not read it
		}
	}()
	switch p.IntN(4) {
	case 0:
		c.Reset()
	case 1:
		p.pause(ctx, p.upTo(time.Second))
		fallthrough
	default:
		err = first(c.expectRefusal(status))
	}
	c.Close()
	<-sent
	return err
}

// refusedCrowd connects crowds whose hellos the daemon must refuse, and holds them for a while.
// Then each of them must read its refusal and EOF. An operation is a connection refused.
func refusedCrowd(ctx context.Context, p *peer) error {
	hello, status := p.wrongHello()
	var crowd [crowdSize]*link
	defer func() {
		for _, c := range crowd {
			if c != nil {
				c.closeOnce()
			}
		}
	}()
	err := rawtest.Each(crowdSize, func(i int) (err error) {
		if crowd[i], err = p.open(ctx, rawtest.Dial); err == nil {
			crowd[i].Send(hello) // if this fails, so does reading the refusal
		}
		return err
	})
	if err != nil {
		return err
	}
	p.pause(ctx, p.upTo(300*time.Millisecond))
	for _, c := range crowd {
		switch err := first(c.expectRefusal(status)); {
		case err == nil:
			p.did(1)
		case errors.Is(err, errTurnedAway):
			p.turnedAway()
		default:
			return err
		}
	}
	return nil
}

// expectRefusal expects a welcome that refuses, and EOF.
func (l *link) expectRefusal(s status) error {
	l.step()
	if err := expectWelcome(l.Client, s); err != nil {
		return err
	}
	if err := l.ExpectEOF(); err != nil {
		return fmt.Errorf("%w with a refusal: %w", errServed, err)
	}
	return nil
}

// wrongHello returns a hello that the daemon must refuse, and the status of the refusal. A hello
// may have several faults, of which the refusal names the first: the version, then a body that
// does not hold its fields, then the one of the lowest status.
func (p *peer) wrongHello() (hello []byte, s status) {
	h := politeHello(p.Rand)
	other := func(value uint32) uint32 { return value + 1 + p.Uint32N(1<<31) }
	names := [...]string{"su", "summ", "Sum", "sum\x00", "\xff", string(make([]byte, 255))}
	faults := 1 + p.IntN(1<<7-1)
	for i, fault := range [...]struct {
		commit func()
		status
	}{
		{func() { h.kind = other(rawScores) }, wrongKind},
		{func() { h.name = names[p.IntN(len(names))] }, wrongModel},
		{func() { h.maxVectors = other(maxVectors) }, tooManyVectors},
		{func() { h.outputs = other(outputs) }, wrongOutputs},
		{func() { h.dim = other(dim) }, wrongDim},
		{func() {}, malformed},
		{func() { h.version = uint16(p.IntN(2)) }, wrongVersion},
	} {
		if faults>>i&1 == 1 {
			fault.commit()
			s = fault.status
		}
	}
	hello = h.bytes()
	if faults>>5&1 == 1 {
		hello = p.malformed(h)
	}
	return hello, s
}

// malformed returns a hello whose body does not hold its fields, or has a size that is not
// allowed.
func (p *peer) malformed(h hello) []byte {
	body := h.bytes()[preambleBytes:]
	switch p.IntN(3) {
	case 0: // too short for its fields
		body = body[:4*p.IntN(1+fieldsBytes/4)]
	case 1: // too short for its name
		body = body[:fieldsBytes+4]
		body[fieldsBytes] = byte(4 + p.IntN(252))
	case 2: // not a multiple of four
		body = append(body, make([]byte, 1+p.IntN(3))...)
	}
	return append(preamble(h.version, len(body)), body...)
}

// cutHello sends a part of a hello and waits. Then it resets, closes, half-closes, or sends the
// rest after all, with a request. Or it sends no more, until the daemon ends the connection. An
// operation is a hello begun.
func cutHello(ctx context.Context, p *peer) error {
	c, err := p.open(ctx, rawtest.Dial)
	if err != nil {
		return err
	}
	defer c.closeOnce()
	hello := politeHello(p.Rand).bytes()
	cut := 1 + p.IntN(len(hello)-1)
	if err := c.Send(hello[:cut]); err != nil {
		return first(err)
	}
	p.did(1)
	if p.IntN(8) == 0 {
		return p.expectNothing(c, requestTimeout+stepTimeout)
	}
	if !p.pause(ctx, p.upTo(requestTimeout/2)) {
		return nil
	}
	switch p.IntN(4) {
	case 0:
		c.Reset()
	case 1:
		if err := c.CloseWrite(); err != nil {
			return first(err)
		}
		return p.expectNothing(c, stepTimeout)
	case 2:
		c.version, c.hello, c.owed = 2, hello[cut:], true
		return first(p.again(c))
	}
	return nil
}

// expectNothing expects the daemon to end a connection on which it owes nothing, within d.
func (p *peer) expectNothing(c *link, d time.Duration) error {
	c.allow(d)
	var b [1]byte
	switch n, err := c.Read(b[:]); {
	case n > 0:
		return fmt.Errorf("%w: byte %#x came to an unfinished hello", rawtest.ErrDiffer, b[0])
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("the daemon has not closed a connection whose hello is unfinished: %w", err)
	case err != io.EOF:
		return first(err) // it had no room for the connection
	}
	return nil
}

// longHello sends the longest hello that there is, or a shorter one, in pieces, with a request
// behind it. The daemon skips what it does not know of it. An operation is such a hello.
func longHello(ctx context.Context, p *peer) error {
	c, err := p.open(ctx, rawtest.Dial)
	if err != nil {
		return err
	}
	defer c.closeOnce()
	h := politeHello(p.Rand)
	h.more = 0
	if h.more = maxBodyBytes - len(h.bytes()) + preambleBytes; p.IntN(2) == 0 {
		h.more = 4 * p.IntN(h.more/4)
	}
	hello := h.bytes()
	p.did(1)
	for end := time.Now().Add(p.upTo(requestTimeout / 2)); time.Now().Before(end) && len(hello) > 1; {
		size := 1 + p.IntN(min(len(hello)-1, 8<<10))
		if err := c.Send(hello[:size]); err != nil {
			return first(err)
		}
		hello = hello[size:]
		p.pause(ctx, p.upTo(100*time.Millisecond))
	}
	c.version, c.hello, c.owed = 2, hello, true
	if err := p.again(c); err != nil {
		return first(err)
	}
	return p.again(c)
}
