//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// largest sends the largest requests without pause for a while and reads the answers, of
// which none may be missing. An operation is a request.
func largest(ctx context.Context, p *peer) error {
	c, err := p.connect(ctx, rawtest.Dial)
	if err != nil {
		return err
	}
	defer c.closeOnce()
	requests, answers := p.pipeline(chunk, maxVectors)
	end := time.Now().Add(time.Second + p.upTo(2*time.Second))
	chunks, sent := 0, make(chan error, 1)
	go func() {
		var err error
		for err == nil && time.Now().Before(end) {
			if err = c.Send(requests); err == nil {
				chunks++
			}
		}
		sent <- errors.Join(err, c.CloseWrite())
	}()
	var read atomic.Int64
	c.step()
	err = c.ExpectCycle(answers, &read)
	if err != nil {
		c.Close() // ends a Send that the daemon does not read
	}
	err = errors.Join(err, <-sent)
	p.did(chunks * chunk)
	p.found(int(read.Load()) / answerBytes(maxVectors))
	if want := int64(chunks * len(answers)); err == nil && read.Load() != want {
		err = fmt.Errorf("EOF after %d of %d bytes of answers", read.Load(), want)
	}
	return err
}
