//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// crowdSize is how many connections a crowd makes at the same time.
const crowdSize = 64

// visitor is one of a crowd: a connection that has sent a request.
type visitor struct {
	*link
	answer []byte
}

// gather connects a crowd, each of which sends a request. It does not wait for their answers,
// because the daemon may be unable to accept them now. When some connections fail, gather
// returns the others with the error.
func (p *peer) gather(ctx context.Context) (crowd []visitor, err error) {
	var links [crowdSize]*link
	err = rawtest.Each(crowdSize, func(i int) (err error) {
		links[i], err = p.open(ctx, rawtest.Dial)
		return err
	})
	for _, c := range links {
		if c != nil {
			p.chooseVersion(c)
			request, answer := p.pipeline(1, 1)
			c.Send(request) // if this fails, so does reading the answer
			crowd = append(crowd, visitor{c, answer})
		}
	}
	return crowd, err
}

// leave closes all connections of a crowd.
func leave(crowd []visitor) {
	for _, v := range crowd {
		v.closeOnce()
	}
}

// answered expects a visitor's first answer.
func (p *peer) answered(v visitor) error {
	err := first(p.expect(v.link, v.answer, 1))
	if err == nil {
		p.did(1)
	}
	return err
}

// hoard takes connections until the daemon turns one away. For one more second it takes every
// connection that others release. At the end all its connections must still be served, and
// it closes them. An operation is a connection held.
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
		if len(held) > p.maxConns-neighbourCount {
			return fmt.Errorf("the daemon serves %d connections beside %d neighbours, but --max-conns is %d",
				len(held), neighbourCount, p.maxConns)
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
