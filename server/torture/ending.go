//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// halfClose sends requests, often the beginning of one more, and half-closes. The daemon must
// answer all whole requests and then send EOF. An operation is a stream.
func halfClose(ctx context.Context, p *peer) error {
	c, err := p.connect(ctx, rawtest.Dial)
	if err != nil {
		return err
	}
	defer c.closeOnce()
	vectors, count := 1+p.IntN(maxVectors), p.IntN(50)
	requests, answers := p.pipeline(count, vectors)
	cut, _ := p.pipeline(1, vectors)
	requests = append(requests, cut[:p.IntN(len(cut))]...)
	p.did(1)
	return p.exchange(c, requests, answers, count)
}

// exchange sends the last requests of a stream and half-closes. At the same time it expects
// count answers and EOF.
func (p *peer) exchange(c *link, requests, answers []byte, count int) error {
	sent := make(chan error, 1)
	go func() { sent <- errors.Join(c.Send(requests), c.CloseWrite()) }()
	err := p.last(c, answers, count)
	if err != nil {
		c.Close() // ends a Send that the daemon does not read
	}
	return errors.Join(err, <-sent)
}

// last expects count answers and EOF.
func (p *peer) last(c *link, answers []byte, count int) error {
	if err := p.expect(c, answers, count); err != nil {
		return err
	}
	return c.ExpectEOF()
}

// junk holds the bytes that may follow a violation.
var junk = make([]byte, 4<<20)

// violate breaks the protocol after good requests and sends megabytes more. The daemon must
// answer the good requests, say in version 2 which count it does not allow, and send EOF. An
// operation is a violation.
func violate(ctx context.Context, p *peer) error {
	c, err := p.connect(ctx, rawtest.Dial)
	if err != nil {
		return err
	}
	defer c.closeOnce()
	count := p.IntN(20)
	requests, answers := p.pipeline(count, 1+p.IntN(8))
	violation := p.violation()
	requests = append(requests, violation...)
	if c.version == 2 {
		answers = append(answers, rawtest.Failure(countDenied, binary.LittleEndian.Uint32(violation))...)
	}
	p.did(1)
	return p.lastWhile(c, answers, count, requests, junk[:p.IntN(len(junk))])
}

// lastWhile expects count answers and EOF, while it sends what the daemon need not read to the
// end, and half-closes.
func (p *peer) lastWhile(c *link, answers []byte, count int, send ...[]byte) error {
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for _, b := range send {
			if c.Send(b) != nil {
				return
			}
		}
		c.CloseWrite()
	}()
	err := p.last(c, answers, count)
	c.Close()
	<-sent
	return err
}

// violation returns bytes that break the protocol where a request may begin: a count that is not
// allowed, or a hello, which may only be the first message.
func (p *peer) violation() []byte {
	counts := [...]uint32{0, maxVectors + 1, 1<<32 - 1, magic, failureBit + countDenied, goingAway}
	if i := p.IntN(len(counts) + 1); i < len(counts) {
		return rawtest.Header(counts[i])
	}
	return politeHello(p.Rand).bytes()
}

// garbage sends random bytes, often after a good header. The daemon may answer anything, but
// it must end the stream. An operation is a stream.
func garbage(ctx context.Context, p *peer) error {
	c, err := p.dial(ctx, rawtest.Dial)
	if err != nil {
		return err
	}
	defer c.closeOnce()
	var bytes []byte
	if p.IntN(2) == 0 {
		bytes = rawtest.Header(1 + p.Uint32N(maxVectors))
	}
	for range 1 + p.IntN(16<<10) {
		bytes = append(bytes, rawtest.Header(p.Uint32())...)
	}
	p.did(1)
	go func() {
		c.Send(bytes)
		c.CloseWrite()
	}()
	c.step()
	if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return nil
}
