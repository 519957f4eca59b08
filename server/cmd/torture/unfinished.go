//go:build linux

package main

import (
	"context"
	"errors"
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
	if !p.pause(ctx, p.upTo(5*time.Second)) {
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

// drip sends a request a byte at a time, slowly without an end, or faster to
// its end and its answer. An operation is a byte.
func drip(ctx context.Context, p *peer) error {
	c, err := p.connect(ctx, rawtest.Dial)
	if err != nil {
		return err
	}
	defer c.hangUp()
	request, answer := p.pipeline(1, 1)
	if p.IntN(2) == 0 {
		return p.drops(ctx, c, request[:8], time.Second)
	}
	if err := p.drops(ctx, c, request, 3*time.Millisecond); err != nil {
		return err
	}
	return p.expect(c, answer, 1)
}

// drops sends b a byte every interval.
func (p *peer) drops(ctx context.Context, c *link, b []byte, interval time.Duration) error {
	for i := range b {
		if err := c.Send(b[i : i+1]); err != nil {
			return err
		}
		p.did(1)
		if !p.pause(ctx, interval) {
			return ctx.Err()
		}
	}
	return nil
}
