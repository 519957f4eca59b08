package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// load is what the streams of one run share. Only stopped and latencies change
// while they run.
type load struct {
	pattern   *pattern
	window    int
	stall     time.Duration
	latencies *recorder   // nil when not wanted
	stopped   atomic.Bool // send no more
}

func newLoad(o options, p *pattern) *load {
	return &load{pattern: p, window: o.window, stall: o.stall}
}

const unlimited = math.MaxInt64

// dial opens conns connections and spreads requests over them. None is sent
// yet, so that measuring can begin when all connections stand.
func (l *load) dial(ctx context.Context, addr string, conns int, requests int64) ([]*stream, error) {
	streams := make([]*stream, 0, conns)
	dialer := net.Dialer{Timeout: l.stall}
	for i := range conns {
		conn, err := dialer.DialContext(ctx, "tcp", addr)
		if err != nil {
			closeAll(streams)
			return nil, cannotReach(addr, err)
		}
		quota := requests
		if requests != unlimited {
			quota = (requests + int64(i)) / int64(conns)
		}
		streams = append(streams, newStream(l, conn, quota))
	}
	return streams, nil
}

// run lets the streams work and returns how many requests were answered, once
// all that were sent are, or with the first failure. When ctx ends they send no
// more.
func (l *load) run(ctx context.Context, streams []*stream) (answered int64, err error) {
	defer context.AfterFunc(ctx, func() { l.stopped.Store(true) })()
	var running sync.WaitGroup
	var first sync.Once
	for i, s := range streams {
		running.Go(func() {
			if failed := s.run(); failed != nil {
				first.Do(func() {
					err = fmt.Errorf("connection %d: %w", i+1, failed)
					closeAll(streams)
				})
			}
		})
	}
	running.Wait()
	for _, s := range streams {
		answered += s.answered
	}
	return answered, err
}

func closeAll(streams []*stream) {
	for _, s := range streams {
		s.conn.Close()
	}
}

// cannotReach leaves out of err what addr says already.
func cannotReach(addr string, err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return fmt.Errorf("cannot reach %s: %w", addr, err)
}
