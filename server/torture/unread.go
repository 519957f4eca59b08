//go:build linux

package main

import (
	"context"
	"slices"
	"time"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// chunk is how many requests a peer that does not read sends at a time.
const chunk = 16

// neverRead sends until its writes block, holds, and then resets, or reads at
// last: every answer must have been kept for it. An operation is a request.
func neverRead(ctx context.Context, p *peer) error {
	c, err := p.connect(ctx, rawtest.DialNarrow)
	if err != nil {
		return err
	}
	defer c.hangUp()
	vectors := 1 + p.IntN(mostVectors)
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

// sent is how many requests a mute peer has sent.
func sent(m *rawtest.Mute, vectors int) int { return int(m.SentBytes()) / requestBytes(vectors) }

// sipBytes is the receive buffer of a slow reader, with which TCP does not stand
// still by itself as it does with a narrow reader's.
const sipBytes = 8 << 10

// slowReader sends until its writes block and reads an answer a byte at a
// time, a byte every millisecond. An operation is a byte read.
func slowReader(ctx context.Context, p *peer) error {
	c, err := p.connect(ctx, rawtest.DialNarrow)
	if err != nil {
		return err
	}
	defer c.hangUp()
	if err := c.Widen(sipBytes); err != nil {
		return err
	}
	m, answers := p.flood(c, 1+p.IntN(mostVectors))
	defer m.Drop()
	return p.sip(ctx, c.Expect, answers, p.upTo(5*time.Second))
}

// flood has a connection send requests of so many vectors without end, to be
// answered with answers again and again.
func (p *peer) flood(c *link, vectors int) (m *rawtest.Mute, answers []byte) {
	first := p.number(chunk)
	_, answers = p.source.Pipeline(first, slices.Repeat([]int{vectors}, chunk)...)
	return rawtest.NewMuteOn(c.Client, p.source, first, vectors, chunk), answers
}

// sip reads a byte a millisecond for d, which must be answers again and again.
func (p *peer) sip(ctx context.Context, expect func([]byte) error, answers []byte, d time.Duration) (err error) {
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
