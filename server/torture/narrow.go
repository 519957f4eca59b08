//go:build linux

package main

import (
	"context"
	"errors"
	"time"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// standstill is what a narrow reader makes of bytes that do not come. Through the
// smallest buffer TCP itself stands still for a minute now and then: the server's
// kernel finds the window too small for a segment and waits before it sends what
// fits, and each segment of the peer's own starts that wait anew (Linux 6.18).
// Whose fault it is, the kernel tells.
type standstill struct {
	look   time.Duration // after so long without a byte, and again
	fault  time.Duration // what the server may take that has nothing to send
	giveUp time.Duration // what TCP may take; more would be a peer that attacks no longer
}

var ordinary = standstill{look: 4 * time.Second, fault: stepTime, giveUp: 30 * time.Second}

// errGivenUp is a connection on which TCP stands still for too long.
var errGivenUp = errors.New("TCP stands still")

// narrowReader is slowReader with the smallest receive buffer there is. An
// operation is a byte read.
func narrowReader(ctx context.Context, p *peer) error { return p.readNarrowly(ctx, ordinary) }

func (p *peer) readNarrowly(ctx context.Context, s standstill) error {
	c, err := p.connect(ctx, rawtest.DialNarrow)
	if err != nil {
		return err
	}
	defer c.hangUp()
	n := narrow{link: c, peer: p, standstill: s, vectors: 1 + p.IntN(mostVectors)}
	var answers []byte
	n.mute, answers = p.flood(c, n.vectors)
	defer n.mute.Drop()
	if err := n.lengthen(); err != nil || !n.blocked() {
		return err
	}
	err = p.sip(ctx, n.expect, answers, p.upTo(5*time.Second))
	if errors.Is(err, errGivenUp) {
		return nil
	}
	return err
}

// narrow is the connection of a narrow reader.
type narrow struct {
	*link
	*peer
	standstill
	mute    *rawtest.Mute
	vectors int
	read    int // bytes of answers
}

// lengthen gives the connection time for all that it may have to wait: its sender,
// blocked, is not to fail first.
func (n *narrow) lengthen() error {
	if err := n.Allow(time.Hour); err != nil || n.ctx.Err() == nil {
		return err
	}
	return n.Allow(0)
}

// blocked waits until the server takes no more, a few seconds at most, and reports
// whether there is time left after it.
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

// expect reads want, one byte, and waits for it as long as TCP has it.
func (n *narrow) expect(want []byte) error {
	began := time.Now()
	idle, stalled := began, false // idle is since when TCP had nothing
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
		case late.Client.ToRead > 0: // it came just now
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

// next waits until the next look. Should the attack end just now, the deadline
// that was passed then must not be moved.
func (n *narrow) next(want []byte) error {
	n.AllowRead(n.look)
	if n.ctx.Err() != nil {
		n.Allow(0)
	}
	return n.Client.Expect(want)
}

// owed reports whether the server has had more requests than it has answered. Of
// those sent before e, some may be on the way to it.
func (n *narrow) owed(sent int64, e rawtest.Ends) bool {
	arrived := int(sent) - e.Client.ToSend
	return e.Server.ToRead > 0 || arrived/requestBytes(n.vectors) > n.read/answerBytes(n.vectors)
}
