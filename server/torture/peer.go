//go:build linux

package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// maxVectors is the number of vectors in the largest request.
const maxVectors = 64

// peer is one attacker. Its choices follow from the seed.
type peer struct {
	target
	*tally
	*rand.Rand
	source rawtest.Source
	seq    int
}

func newPeer(t target, sum *tally, id int) *peer {
	return &peer{
		target: t, tally: sum,
		Rand:   rand.New(rand.NewPCG(t.seed, uint64(id))),
		source: rawtest.Source{Dim: dim, Client: id},
	}
}

// live attacks until ctx ends, one connection after the other.
func (p *peer) live(ctx context.Context, a attack) {
	for ctx.Err() == nil {
		err := a.live(ctx, p)
		wrong := errors.Is(err, rawtest.ErrDiffer)
		switch {
		case err == nil, ctx.Err() != nil && !wrong:
		case errors.Is(err, errTurnedAway):
			p.turnedAway()
			p.pause(ctx, p.upTo(20*time.Millisecond))
		case errors.Is(err, errNotConnected):
			p.pause(ctx, p.upTo(20*time.Millisecond))
		default:
			p.fault(err, wrong)
		}
	}
}

// pipeline returns count requests with the given number of vectors each, and their answers.
// Every request of the peer is different.
func (p *peer) pipeline(count, vectors int) (requests, answers []byte) {
	first := p.number(count)
	return p.source.Pipeline(first, slices.Repeat([]int{vectors}, count)...)
}

// number takes the next count request numbers and returns the first.
func (p *peer) number(count int) (first int) {
	first = p.seq
	p.seq += count
	return first
}

// upTo returns a random duration below d.
func (p *peer) upTo(d time.Duration) time.Duration { return time.Duration(p.Int64N(int64(d))) }

// pause waits for d. It returns false if ctx ends first.
func (p *peer) pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
