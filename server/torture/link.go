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

// stepTimeout is how long the daemon may take for one step that it owes an attacker. It is
// longer than a neighbour's patience, because the attackers run at nice 10.
const stepTimeout = 20 * time.Second

// errTurnedAway says that a connection ended before its first answer. The daemon may do so
// when it has too many connections, but it must count the connection as refused.
var errTurnedAway = errors.New("turned away")

// errNotConnected says that an attacker could not connect. Its machine may have run out of
// ports.
var errNotConnected = errors.New("not connected")

// link is an attacker's connection. Each step on it may take stepTimeout, and fails at once
// when the attack ends.
type link struct {
	*rawtest.Client
	ctx     context.Context
	unwatch func() bool
}

// dial connects with rawtest.Dial or rawtest.DialNarrow.
func (p *peer) dial(ctx context.Context, dial func(string) (*rawtest.Client, error)) (*link, error) {
	c, err := dial(p.addr)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotConnected, err)
	}
	return &link{c, ctx, context.AfterFunc(ctx, func() { c.Allow(0) })}, nil
}

// connect dials, sends one request and expects its answer. From then on the daemon must serve
// the connection.
func (p *peer) connect(ctx context.Context, dial func(string) (*rawtest.Client, error)) (*link, error) {
	l, err := p.dial(ctx, dial)
	if err != nil {
		return nil, err
	}
	if err := p.again(l); err != nil {
		l.closeOnce()
		return nil, first(err)
	}
	return l, nil
}

// again sends one more request and expects its answer.
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

// first turns the error of a connection that has had no answer yet into errTurnedAway, unless
// the error shows a fault of the daemon.
func first(err error) error {
	for _, other := range []error{nil, rawtest.ErrDiffer, os.ErrDeadlineExceeded, io.ErrUnexpectedEOF} {
		if errors.Is(err, other) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", errTurnedAway, err)
}

// closeOnce closes the connection, unless it is closed already.
func (l *link) closeOnce() {
	l.unwatch()
	l.Close()
}

// step sets the deadline of the next step. If the attack has ended meanwhile, the deadline
// has passed, and step must leave it so.
func (l *link) step() {
	l.Allow(stepTimeout)
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
