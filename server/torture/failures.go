//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"math"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// failingRowsName is the attack that needs a server whose model fails for marked rows.
const failingRowsName = "failing-rows"

// Codes of failed requests.
const (
	modelError = 1
	modelPanic = 2
)

// failingRows sends good requests, and requests with rows for which the model fails. In version
// 2 each of these fails alone: a failure that names the first such row is in the place of its
// answer. In version 1 the answers end before the first of them. An operation is a request that
// must fail.
func failingRows(ctx context.Context, p *peer) error {
	c, err := p.connect(ctx, rawtest.Dial)
	if err != nil {
		return err
	}
	defer c.closeOnce()
	var requests, answers []byte
	count, over := 0, false
	for range 1 + p.IntN(60) {
		vectors := 1
		if p.IntN(2) == 0 {
			vectors += p.IntN(maxVectors)
		}
		request, answer := p.pipeline(1, vectors)
		if p.IntN(4) == 0 {
			p.did(1)
			answer = p.mark(request, vectors)
			over = over || c.version == 1
		}
		requests = append(requests, request...)
		if !over {
			answers = append(answers, answer...)
			count++
		}
	}
	if over {
		return p.lastWhile(c, answers, count, requests)
	}
	return p.exchange(c, requests, answers, count)
}

// mark marks one row of a request or several, and returns the failure that must take the place
// of its answer.
func (p *peer) mark(request []byte, vectors int) []byte {
	var code uint32
	firstRow := vectors
	for range 1 + p.IntN(2) {
		row, mark, c := p.IntN(vectors), errorMark, uint32(modelError)
		if p.IntN(2) == 0 {
			mark, c = panicMark, modelPanic
		}
		second := request[requestBytes(row)+4:] // feature of the row
		binary.LittleEndian.PutUint32(second, math.Float32bits(mark))
		if row <= firstRow {
			firstRow, code = row, c
		}
	}
	return rawtest.Failure(code, uint32(firstRow))
}
