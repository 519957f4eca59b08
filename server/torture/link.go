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

// errServed says that a connection ended after the daemon had welcomed it.
var errServed = errors.New("welcomed")

// link is an attacker's connection. Each step on it may take stepTimeout, and fails at once
// when the attack ends.
type link struct {
	*rawtest.Client
	ctx     context.Context
	unwatch func() bool

	version int    // of the protocol
	hello   []byte // still to be sent, by the goroutine that sends
	owed    bool   // the welcome has not come; of the goroutine that expects
}

// open connects with rawtest.Dial or rawtest.DialNarrow. The connection speaks version 1 of the
// protocol, or what the attack makes it speak.
func (p *peer) open(ctx context.Context, dial func(string) (*rawtest.Client, error)) (*link, error) {
	c, err := dial(p.addr)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotConnected, err)
	}
	return &link{Client: c, ctx: ctx, unwatch: context.AfterFunc(ctx, func() { c.Allow(0) }), version: 1}, nil
}

// dial opens a connection and chooses its version.
func (p *peer) dial(ctx context.Context, dial func(string) (*rawtest.Client, error)) (*link, error) {
	l, err := p.open(ctx, dial)
	if err == nil {
		p.chooseVersion(l)
	}
	return l, err
}

// chooseVersion makes a connection speak version 2 of the protocol in one of two cases. Then its
// first Send sends a hello before the first request, and its first Expect expects the welcome
// before the first answer.
func (p *peer) chooseVersion(l *link) {
	if p.IntN(2) == 0 {
		l.version, l.hello, l.owed = 2, politeHello(p.Rand).bytes(), true
	}
}

// connect dials, sends one request and expects its answer. From then on the daemon must serve
// the connection. Some clients of version 2 wait for the welcome before they send the request.
func (p *peer) connect(ctx context.Context, dial func(string) (*rawtest.Client, error)) (*link, error) {
	l, err := p.dial(ctx, dial)
	if err != nil {
		return nil, err
	}
	if l.version == 2 && p.IntN(2) == 0 {
		err = errors.Join(l.Send(nil), l.Expect(nil))
	}
	if err == nil {
		err = p.again(l)
	}
	if err != nil {
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
	for _, other := range []error{nil, rawtest.ErrDiffer, os.ErrDeadlineExceeded, io.ErrUnexpectedEOF, errServed} {
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

// step sets the deadline of the next step.
func (l *link) step() { l.allow(stepTimeout) }

// allow moves the deadline to d from now. If the attack has ended meanwhile, the deadline has
// passed, and allow must leave it so.
func (l *link) allow(d time.Duration) {
	l.Allow(d)
	if l.ctx.Err() != nil {
		l.Allow(0)
	}
}

func (l *link) Send(b []byte) error {
	l.step()
	if len(l.hello) > 0 {
		b, l.hello = append(l.hello, b...), nil
	}
	return l.Client.Send(b)
}

func (l *link) Expect(want []byte) error {
	l.step()
	if l.owed {
		if err := expectWelcome(l.Client, welcomed); err != nil {
			return err
		}
		l.owed = false
	}
	err := l.Client.Expect(want)
	if err != nil && l.version == 2 {
		err = fmt.Errorf("%w: %w", errServed, err)
	}
	return err
}

func (l *link) ExpectEOF() error {
	l.step()
	return l.Client.ExpectEOF()
}
