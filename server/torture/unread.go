//go:build linux

package main

import (
	"context"
	"slices"
	"time"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// chunk is how many requests a peer that does not read sends in one write.
const chunk = 16

// neverRead sends until its writes block, and waits. Then it resets, or it reads all answers,
// of which none may be missing. An operation is a request.
func neverRead(ctx context.Context, p *peer) error {
	c, err := p.connect(ctx, rawtest.DialNarrow)
	if err != nil {
		return err
	}
	defer c.closeOnce()
	vectors := 1 + p.IntN(maxVectors)
	m := rawtest.NewMuteOn(c.Client, p.source, p.number(chunk), vectors, chunk)
	defer m.Drop()
	held := p.pause(ctx, p.upTo(3*time.Second))
	p.did(sent(m, vectors))
	if !held || p.IntN(2) == 0 {
		return nil
	}
	c.step()
	if err := m.Recover(); err != nil {
		return err
	}
	p.found(sent(m, vectors))
	return nil
}

// sent returns how many requests a mute peer has sent.
func sent(m *rawtest.Mute, vectors int) int { return int(m.SentBytes()) / requestBytes(vectors) }

// slowReaderBytes is the size of a slow reader's receive buffer. With it, TCP does not stall
// by itself, as it does with a narrow reader's.
const slowReaderBytes = 8 << 10

// slowReader sends until its writes block, and reads answers at one byte per millisecond. An
// operation is a byte read.
func slowReader(ctx context.Context, p *peer) error {
	c, err := p.connect(ctx, rawtest.DialNarrow)
	if err != nil {
		return err
	}
	defer c.closeOnce()
	if err := c.Widen(slowReaderBytes); err != nil {
		return err
	}
	m, answers := p.flood(c, 1+p.IntN(maxVectors))
	defer m.Drop()
	return p.readSlowly(ctx, c.Expect, answers, p.upTo(5*time.Second))
}

// flood makes a connection send requests with the given number of vectors without end. The
// daemon must answer with answers, again and again.
func (p *peer) flood(c *link, vectors int) (m *rawtest.Mute, answers []byte) {
	first := p.number(chunk)
	_, answers = p.source.Pipeline(first, slices.Repeat([]int{vectors}, chunk)...)
	return rawtest.NewMuteOn(c.Client, p.source, first, vectors, chunk), answers
}

// readSlowly reads one byte per millisecond for d. The bytes must be answers, again and
// again.
func (p *peer) readSlowly(ctx context.Context, expect func([]byte) error, answers []byte, d time.Duration) (err error) {
	read := 0
	for end := time.Now().Add(d); time.Now().Before(end) && p.pause(ctx, time.Millisecond); read++ {
		at := read % len(answers)
		if err = expect(answers[at : at+1]); err != nil {
			break
		}
	}
	p.did(read)
	p.found(read * chunk / len(answers))
	return err
}

func requestBytes(vectors int) int { return 4 + 4*dim*vectors }

func answerBytes(vectors int) int { return 4 + 4*vectors }
