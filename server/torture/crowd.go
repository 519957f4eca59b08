//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// crowdSize is how many connections are made together.
const crowdSize = 64

// visitor is one of a crowd: a connection that has sent a request.
type visitor struct {
	*link
	answer []byte
}

// gather has a crowd connect and send a request each. It does not wait for
// their answers: the daemon may be unable to take them now. With an error it
// returns those who did connect.
func (p *peer) gather(ctx context.Context) (crowd []visitor, err error) {
	var links [crowdSize]*link
	err = rawtest.Each(crowdSize, func(i int) (err error) {
		links[i], err = p.dial(ctx, rawtest.Dial)
		return err
	})
	for _, c := range links {
		if c != nil {
			request, answer := p.pipeline(1, 1)
			c.Send(request) // whether it was taken, the answer tells
			crowd = append(crowd, visitor{c, answer})
		}
	}
	return crowd, err
}

// leave closes all connections of a crowd.
func leave(crowd []visitor) {
	for _, v := range crowd {
		v.hangUp()
	}
}

// answered expects the first answer of a visitor.
func (p *peer) answered(v visitor) error {
	err := first(p.expect(v.link, v.answer, 1))
	if err == nil {
		p.did(1)
	}
	return err
}

// hoard takes connections until no more are to be had, for a second more takes
// all that others let go, and lets go of all. None it has may be taken from
// it. An operation is a connection held.
func hoard(ctx context.Context, p *peer) error {
	var held []visitor
	var full time.Time
	for ctx.Err() == nil && (full.IsZero() || time.Since(full) < time.Second) {
		crowd, err := p.gather(ctx)
		defer leave(crowd)
		if err != nil {
			return err
		}
		for _, v := range crowd {
			err := p.answered(v)
			switch {
			case err == nil:
				held = append(held, v)
			case !errors.Is(err, errTurnedAway):
				return err
			default:
				p.turnedAway()
				if full.IsZero() {
					full = time.Now()
				}
			}
		}
		if len(held) > p.maxConns-residents {
			return fmt.Errorf("the daemon serves %d connections beside %d neighbours, and --max-conns is %d",
				len(held), residents, p.maxConns)
		}
		p.pause(ctx, 10*time.Millisecond)
	}
	for _, v := range held {
		if err := p.again(v.link); err != nil {
			return err
		}
	}
	return nil
}
