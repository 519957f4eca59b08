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

// stepTime is what a step of an attacker may take that the daemon owes it. It
// is more than a neighbour's patience, for the attackers are nice.
const stepTime = 20 * time.Second

// errTurnedAway is how a connection ended that had no answer yet: as one too
// many, which the daemon has to have counted.
var errTurnedAway = errors.New("turned away")

// errNotConnected is a connection that did not come about, for want of ports
// perhaps.
var errNotConnected = errors.New("not connected")

// link is an attacker's connection. A step of it may take stepTime, and fails
// at once when the attack has ended.
type link struct {
	*rawtest.Client
	ctx     context.Context
	unwatch func() bool
}

// dial connects: rawtest.Dial or rawtest.DialNarrow.
func (p *peer) dial(ctx context.Context, dial func(string) (*rawtest.Client, error)) (*link, error) {
	c, err := dial(p.addr)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotConnected, err)
	}
	return &link{c, ctx, context.AfterFunc(ctx, func() { c.Allow(0) })}, nil
}

// connect dials and has one request answered: from then on the daemon owes
// the connection service.
func (p *peer) connect(ctx context.Context, dial func(string) (*rawtest.Client, error)) (*link, error) {
	l, err := p.dial(ctx, dial)
	if err != nil {
		return nil, err
	}
	if err := p.again(l); err != nil {
		l.hangUp()
		return nil, first(err)
	}
	return l, nil
}

// again has one more request answered.
func (p *peer) again(l *link) error {
	request, answer := p.pipeline(1, 1)
	if err := l.Send(request); err != nil {
		return err
	}
	return p.expect(l, answer, 1)
}

// expect reads count answers.
func (p *peer) expect(l *link, answers []byte, count int) error {
	err := l.Expect(answers)
	if err == nil {
		p.found(count)
	}
	return err
}

// first is the outcome of a connection that has had no answer yet: it may have
// been turned away.
func first(err error) error {
	for _, other := range []error{nil, rawtest.ErrDiffer, os.ErrDeadlineExceeded, io.ErrUnexpectedEOF} {
		if errors.Is(err, other) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", errTurnedAway, err)
}

// hangUp closes the connection, unless it is closed.
func (l *link) hangUp() {
	l.unwatch()
	l.Close()
}

// step gives the next step its time. Should the attack end just now, the
// deadline that was passed then must not be moved.
func (l *link) step() {
	l.Allow(stepTime)
	if l.ctx.Err() != nil {
		l.Allow(0)
	}
}

func (l *link) Send(b []byte) error {
	l.step()
	return l.Client.Send(b)
}

func (l *link) Expect(want []byte) error {
	l.step()
	return l.Client.Expect(want)
}

func (l *link) ExpectEOF() error {
	l.step()
	return l.Client.ExpectEOF()
}
