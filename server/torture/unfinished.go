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

// neverFinish sends the beginning of a request and waits. Then it resets, closes,
// half-closes, or sends the rest of the request after all. An operation is a request begun.
func neverFinish(ctx context.Context, p *peer) error {
	c, err := p.connect(ctx, rawtest.Dial)
	if err != nil {
		return err
	}
	defer c.closeOnce()
	request, answer := p.pipeline(1, 1+p.IntN(maxVectors))
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

// drip sends a request byte by byte. Either it is so slow that the daemon must close the
// connection. Or it is faster, sends all of the request or the rest after a cut anywhere in
// this way, and expects the answer. An operation is such a byte.
func drip(ctx context.Context, p *peer) error {
	c, err := p.connect(ctx, rawtest.Dial)
	if err != nil {
		return err
	}
	defer c.closeOnce()
	request, answer := p.pipeline(1, 1)
	tail := len(request)
	switch p.IntN(4) {
	case 0, 1:
		return p.dripUntilEOF(ctx, c, request)
	case 2:
		request, answer = p.pipeline(1, 1+p.IntN(maxVectors))
		tail = 1 + p.IntN(tail)
	}
	if err := c.Send(request[:len(request)-tail]); err != nil {
		return err
	}
	if err := p.dripAll(ctx, c, request[len(request)-tail:]); err != nil {
		return err
	}
	return p.expect(c, answer, 1)
}

// dripAll sends a byte every 3 ms. After half of the request timeout it sends the rest at
// once, because on a busy machine a whole request may take longer than the timeout.
func (p *peer) dripAll(ctx context.Context, c *link, request []byte) error {
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

// dripUntilEOF sends a byte per second until the daemon sends EOF, as it must.
func (p *peer) dripUntilEOF(ctx context.Context, c *link, request []byte) error {
	for began := time.Now(); time.Since(began) < requestTimeout+stepTimeout; request = request[1:] {
		if err := c.Send(request[:1]); err != nil {
			return err
		}
		p.did(1)
		c.Allow(time.Second)
		var b [1]byte
		switch n, err := c.Read(b[:]); {
		case n > 0:
			return errors.New("an answer came to an unfinished request")
		case err == io.EOF:
			return nil
		case ctx.Err() != nil || !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		}
	}
	return fmt.Errorf("the daemon has not closed a connection whose request is unfinished after %v", requestTimeout+stepTimeout)
}
