//go:build linux

package main

import (
	"context"
	"errors"
	"time"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// stallLimits says how long a narrow reader waits for bytes. Through the smallest receive
// buffer, TCP itself stalls for up to a minute now and then: the server's kernel finds the
// window too small for a segment and waits before it sends what fits, and each segment that
// the peer sends restarts that wait (Linux 6.18). The kernel's table of connections shows
// whether TCP or the server holds the bytes back.
type stallLimits struct {
	look   time.Duration // after that long without a byte, the reader looks at the kernel's table
	fault  time.Duration // how long the server may owe an answer and have nothing to send
	giveUp time.Duration // how long TCP may stall; a peer that waits longer no longer attacks
}

var ordinary = stallLimits{look: 4 * time.Second, fault: stepTimeout, giveUp: 30 * time.Second}

// errGivenUp says that TCP has stalled on a connection for too long.
var errGivenUp = errors.New("TCP stalls")

// narrowReader is slowReader with the smallest receive buffer that the kernel grants. An
// operation is a byte read.
func narrowReader(ctx context.Context, p *peer) error { return p.readNarrowly(ctx, ordinary) }

func (p *peer) readNarrowly(ctx context.Context, s stallLimits) error {
	c, err := p.connect(ctx, rawtest.DialNarrow)
	if err != nil {
		return err
	}
	defer c.closeOnce()
	n := narrow{link: c, peer: p, stallLimits: s, vectors: 1 + p.IntN(maxVectors)}
	var answers []byte
	n.mute, answers = p.flood(c, n.vectors)
	defer n.mute.Drop()
	if err := n.extendDeadline(); err != nil || !n.blocked() {
		return err
	}
	err = p.readSlowly(ctx, n.expect, answers, p.upTo(5*time.Second))
	if errors.Is(err, errGivenUp) {
		return nil
	}
	return err
}

// narrow is the connection of a narrow reader.
type narrow struct {
	*link
	*peer
	stallLimits
	mute    *rawtest.Mute
	vectors int
	read    int // bytes of answers
}

// extendDeadline gives the connection time for every wait, so that its blocked sender does
// not time out first.
func (n *narrow) extendDeadline() error {
	if err := n.Allow(time.Hour); err != nil || n.ctx.Err() == nil {
		return err
	}
	return n.Allow(0)
}

// blocked waits until the server reads no more, for a few seconds at most. It reports whether
// the attack goes on.
func (n *narrow) blocked() bool {
	for range 30 {
		before := n.mute.SentBytes()
		if !n.pause(n.ctx, 100*time.Millisecond) {
			return false
		}
		if n.mute.SentBytes() == before {
			break
		}
	}
	return true
}

// expect reads one byte, which must be want. While TCP holds the byte back, it waits until
// giveUp.
func (n *narrow) expect(want []byte) error {
	began := time.Now()
	idle, stalled := began, false // idle: since when TCP has had nothing to send
	for {
		sent := n.mute.SentBytes()
		err := n.next(want)
		var late *rawtest.LateError
		if !errors.As(err, &late) {
			n.read += len(want)
			return err
		}
		switch now := time.Now(); {
		case late.Server.ToSend > 0:
			n.stall(now.Sub(began), late.Ends.String(), !stalled)
			idle, stalled = now, true
		case late.Client.ToRead > 0: // the byte has just arrived
		case n.owed(sent, late.Ends):
			if now.Sub(idle) >= n.fault {
				return err
			}
			continue
		}
		if time.Since(began) >= n.giveUp {
			return errGivenUp
		}
	}
}

// next reads until it is time to look at the kernel's table. If the attack has ended
// meanwhile, the deadline has passed, and next must leave it so.
func (n *narrow) next(want []byte) error {
	n.AllowRead(n.look)
	if n.ctx.Err() != nil {
		n.Allow(0)
	}
	return n.Client.Expect(want)
}

// owed reports whether the server has received more requests than it has answered. sent is
// what the peer had sent before e was taken; part of it may still be on the way.
func (n *narrow) owed(sent int64, e rawtest.Ends) bool {
	arrived := int(sent) - e.Client.ToSend
	return e.Server.ToRead > 0 || arrived/requestBytes(n.vectors) > n.read/answerBytes(n.vectors)
}
