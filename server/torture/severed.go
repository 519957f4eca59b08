//go:build linux

package main

import (
	"context"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// reset sends requests up to a random byte, reads some answers or none, and resets. An
// operation is a reset.
func reset(ctx context.Context, p *peer) error {
	c, err := p.dial(ctx, rawtest.Dial)
	if err != nil {
		return err
	}
	defer c.closeOnce()
	vectors := 1 + p.IntN(8)
	requests, answers := p.pipeline(1+p.IntN(32), vectors)
	cut := 1 + p.IntN(len(requests))
	if err := c.Send(requests[:cut]); err != nil {
		return first(err)
	}
	if whole := cut / requestBytes(vectors); p.IntN(2) == 0 {
		read := p.IntN(whole + 1)
		if err := p.expect(c, answers[:read*answerBytes(vectors)], read); err != nil {
			return first(err)
		}
	}
	p.did(1)
	c.Reset()
	return nil
}

// churn sends one request and closes, before or after its answer. An operation is a
// connection.
func churn(ctx context.Context, p *peer) error {
	c, err := p.dial(ctx, rawtest.Dial)
	if err != nil {
		return err
	}
	defer c.closeOnce()
	request, answer := p.pipeline(1, 1)
	if err := c.Send(request); err != nil {
		return first(err)
	}
	p.did(1)
	if p.IntN(2) == 0 {
		return nil
	}
	return first(p.expect(c, answer, 1))
}
