package main

import (
	"math/rand/v2"

	"github.com/disrust/disrust/wire"
)

const (
	// patternRequests is a prime, so that an answer that slips by a window or
	// by a power of two meets an expectation that differs.
	patternRequests = 61
	// patternBytes bounds the memory of a pattern of large requests.
	patternBytes = 8 << 20
	// readBytes is one read of a stream at most.
	readBytes = 64 << 10
)

// pattern is a cycle of requests and the responses they must get, both as
// bytes: sending is a write, verifying a comparison. It is never changed after
// newPattern and shared by all streams.
type pattern struct {
	counts []int // vectors of each request of the cycle

	requests []byte // the cycle twice: any run of up to a cycle is in one piece
	begins   []int  // where each of those requests begins, and where the last ends

	responses    []byte // the cycle again and again: a read that begins in the first is in one piece
	cycleBytes   int    // of responses
	cycleVectors int    // vectors of a cycle
}

// uniform is a pattern of requests of so many vectors each.
func uniform(f wire.Format, vectors int) *pattern {
	counts := make([]int, max(1, min(patternRequests, patternBytes/f.RequestBytes(vectors))))
	for i := range counts {
		counts[i] = vectors
	}
	return newPattern(f, counts)
}

// mixed is a pattern of requests of all sizes, small and large in turn.
func mixed(f wire.Format) *pattern {
	most := max(1, min(f.MaxVectors, patternBytes/f.RowBytes()))
	counts := make([]int, patternRequests)
	for i := range counts {
		counts[i] = 1 + i*37%patternRequests*most/patternRequests
	}
	return newPattern(f, counts)
}

func newPattern(f wire.Format, counts []int) *pattern {
	p := &pattern{counts: counts}
	var cycle []byte
	for _, vectors := range counts {
		rows, scores := rowsFrom(p.cycleVectors, vectors, f.Dim)
		p.begins = append(p.begins, len(p.requests))
		p.requests = wire.AppendRequest(p.requests, vectors, rows)
		cycle = wire.AppendResponse(cycle, scores)
		p.cycleVectors += vectors
	}
	for _, begin := range p.begins {
		p.begins = append(p.begins, len(p.requests)+begin)
	}
	p.requests = append(p.requests, p.requests...)
	p.begins = append(p.begins, len(p.requests))
	p.cycleBytes = len(cycle)
	for len(p.responses) < p.cycleBytes+readBytes {
		p.responses = append(p.responses, cycle...)
	}
	return p
}

// rowsFrom makes rows of small integers, row k of which sums to k+1: another
// row's score is never right, and neither is zero.
func rowsFrom(first, vectors, dim int) (rows, scores []float32) {
	random := rand.New(rand.NewPCG(uint64(first), 0))
	rows, scores = make([]float32, vectors*dim), make([]float32, vectors)
	for i := range scores {
		row, score := rows[i*dim:(i+1)*dim], first+i+1
		rest := score
		for j := range row[1:] {
			feature := random.IntN(17) - 8
			row[1+j] = float32(feature)
			rest -= feature
		}
		row[0], scores[i] = float32(rest), float32(score)
	}
	return rows, scores
}

// run returns the bytes of n requests from the i-th of the cycle on; n is at
// most a cycle.
func (p *pattern) run(i, n int) []byte { return p.requests[p.begins[i]:p.begins[i+n]] }

// responseBytes returns the size of the response to the i-th of the cycle.
func (p *pattern) responseBytes(i int) int { return wire.ResponseBytes(p.counts[i]) }

// maxBytes returns what the largest request and its response take together.
func (p *pattern) maxBytes() int {
	most := 0
	for i := range p.counts {
		most = max(most, len(p.run(i, 1))+p.responseBytes(i))
	}
	return most
}

// vectors returns how many vectors the first so many requests hold.
func (p *pattern) vectors(requests int) int {
	sum := requests / len(p.counts) * p.cycleVectors
	for _, n := range p.counts[:requests%len(p.counts)] {
		sum += n
	}
	return sum
}
