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

// neverFinish sends the beginning of a request, holds, and leaves: with a
// reset, a close, the end of its stream, or the rest of the request after all.
// An operation is a request begun.
func neverFinish(ctx context.Context, p *peer) error {
	c, err := p.connect(ctx, rawtest.Dial)
	if err != nil {
		return err
	}
	defer c.hangUp()
	request, answer := p.pipeline(1, 1+p.IntN(mostVectors))
	cut := 1 + p.IntN(len(request)-1)
	if err := c.Send(request[:cut]); err != nil {
		return err
	}
	p.did(1)
	if !p.pause(ctx, p.upTo(requestTimeout/2)) {
		return nil
	}
	switch p.IntN(4) {
	case 0:
		c.Reset()
	case 1:
		return errors.Join(c.CloseWrite(), c.ExpectEOF())
	case 2:
		return p.exchange(c, request[cut:], answer, 1)
	}
	return nil
}

// drip sends a request a byte at a time, so slowly that the daemon must end it; or
// faster, all of it or what a cut anywhere leaves, to its end and its answer. An
// operation is such a byte.
func drip(ctx context.Context, p *peer) error {
	c, err := p.connect(ctx, rawtest.Dial)
	if err != nil {
		return err
	}
	defer c.hangUp()
	request, answer := p.pipeline(1, 1)
	tail := len(request)
	switch p.IntN(4) {
	case 0, 1:
		return p.dribble(ctx, c, request)
	case 2:
		request, answer = p.pipeline(1, 1+p.IntN(mostVectors))
		tail = 1 + p.IntN(tail)
	}
	if err := c.Send(request[:len(request)-tail]); err != nil {
		return err
	}
	if err := p.trickle(ctx, c, request[len(request)-tail:]); err != nil {
		return err
	}
	return p.expect(c, answer, 1)
}

// trickle sends a byte every 3 ms, and what half the daemon's time for a request
// leaves at once: a busy machine may take longer than that over a request.
func (p *peer) trickle(ctx context.Context, c *link, request []byte) error {
	for end := time.Now().Add(requestTimeout / 2); len(request) > 0 && time.Now().Before(end); request = request[1:] {
		if err := c.Send(request[:1]); err != nil {
			return err
		}
		p.did(1)
		if !p.pause(ctx, 3*time.Millisecond) {
			return ctx.Err()
		}
	}
	return c.Send(request)
}

// dribble sends a byte a second until the daemon ends the stream, as it must.
func (p *peer) dribble(ctx context.Context, c *link, request []byte) error {
	for began := time.Now(); time.Since(began) < requestTimeout+stepTime; request = request[1:] {
		if err := c.Send(request[:1]); err != nil {
			return err
		}
		p.did(1)
		c.Allow(time.Second)
		var b [1]byte
		switch n, err := c.Read(b[:]); {
		case n > 0:
			return errors.New("an answer to a request that is not finished")
		case err == io.EOF:
			return nil
		case ctx.Err() != nil || !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		}
	}
	return fmt.Errorf("a request is not finished after %v and its connection is not ended", requestTimeout+stepTime)
}
