package client

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/disrust/disrust/wire"
)

// call is one Score on its way. It is guarded by the Client's mu from the
// admission of its first request on.
type call struct {
	dst     []float32 // written by the receive loop, only while waiting
	missing int       // scores to come
	first   uint64    // number of its first request, or unadmitted
	waiting bool      // counted in Client.waiting: admitted and not finished

	// finished receives once, when waiting ends for any reason but the
	// caller's leaving. It has room for that, so sending never blocks.
	finished chan struct{}
}

const unadmitted = math.MaxUint64

// request is one frame in flight: the answer to it belongs in
// call.dst[at : at+vectors].
type request struct {
	call        *call
	at, vectors int
}

// calls holds only calls that no request in flight refers to. A call that ended
// in an error is left to the collector: requests may still name it.
var calls = sync.Pool{New: func() any { return &call{finished: make(chan struct{}, 1)} }}

// Score scores the vectors in rows, row after row, and puts one score for each
// into dst, in the same order. More vectors than fit a request are sent as
// several; their scores are all or nothing: when Score fails, dst holds
// unspecified values.
//
// Errors: *DimError; ErrClosed; *ConnectionLost; or one that wraps ctx.Err()
// when ctx ended first. An answer that came as ctx ended counts.
//
// Ownership: rows is read and dst written until Score returns, never after.
// Cost: rows are copied once, into the buffer that is sent; no allocation per
// call in the steady state.
func (c *Client) Score(ctx context.Context, dst, rows []float32) error {
	dim := c.format.Dim
	if len(rows) != len(dst)*dim {
		return &DimError{Rows: len(rows), Scores: len(dst), Dim: dim}
	}
	if ctx.Err() != nil {
		return gaveUp(ctx)
	}
	if len(dst) == 0 {
		return nil
	}
	call := calls.Get().(*call)
	call.dst, call.missing, call.first = dst, len(dst), unadmitted
	for at := 0; at < len(dst); {
		vectors := min(len(dst)-at, c.format.MaxVectors)
		r := request{call: call, at: at, vectors: vectors}
		if err := c.admit(ctx, r, rows[at*dim:(at+vectors)*dim]); err != nil {
			c.leave(call)
			return err
		}
		at += vectors
	}
	return c.await(ctx, call)
}

// admit waits for room in the window, then puts r in line to be sent.
func (c *Client) admit(ctx context.Context, r request, rows []float32) error {
	select {
	case c.window <- struct{}{}:
	default:
		select {
		case c.window <- struct{}{}:
		case <-ctx.Done():
			return gaveUp(ctx)
		case <-c.broken:
			return c.failure(r.call)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.closing && r.call.first == unadmitted {
		<-c.window
		return c.failureLocked(r.call)
	}
	if r.call.first == unadmitted {
		r.call.waiting, r.call.first = true, c.admitted
		c.waiting++
	}
	c.inFlight[c.admitted%uint64(len(c.inFlight))] = r
	c.admitted++
	if len(c.unsent) == 0 {
		c.sendable.Signal()
	}
	c.unsent = wire.AppendRequest(c.unsent, r.vectors, rows)
	return nil
}

// await returns when call has all its scores, or never will, or ctx ends.
func (c *Client) await(ctx context.Context, call *call) error {
	select {
	case <-call.finished:
	case <-ctx.Done():
		if c.leave(call) {
			return gaveUp(ctx)
		}
		<-call.finished // it came first
	}
	if call.missing > 0 {
		return c.failure(call)
	}
	call.dst = nil
	calls.Put(call)
	return nil
}

// leave gives call up on behalf of its caller, and reports whether it was
// still waiting. Answers to its requests will be dropped.
func (c *Client) leave(call *call) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	call.dst = nil
	return c.endWait(call)
}

// endWait ends the wait of call, for the receive loop or for the caller,
// whichever is first; only to the first it says true. mu is held.
func (c *Client) endWait(call *call) bool {
	if !call.waiting {
		return false
	}
	call.waiting = false
	if c.waiting--; c.waiting == 0 {
		c.idle.Broadcast()
	}
	return true
}

func (c *Client) failure(call *call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failureLocked(call)
}

// failureLocked says why call can have no answer.
func (c *Client) failureLocked(call *call) error {
	if c.closing && call.first == unadmitted {
		return ErrClosed
	}
	return &ConnectionLost{Written: call.first < c.taken, Err: c.err}
}

func gaveUp(ctx context.Context) error {
	return fmt.Errorf("client: gave up: %w", ctx.Err())
}
