package client

import (
	"context"
	"sync"
)

// Call is one call that a caller may start, leave in flight, and wait for
// later. It belongs to the caller, who fills its exported fields, and may be
// used again and again, on any Client, one call at a time. The zero Call is
// ready to be filled. It must not be copied once started.
//
// Ownership: from Start until Wait has returned, Dst belongs to the Client, the
// rows may be read and must not be changed, and no field may be set. Dst must
// not overlap the rows: scores may arrive while other rows are still to be sent.
type Call struct {
	Dst   []float32 // receives one score per row, in order
	Rows  []float32 // vectors, row after row
	Bytes []byte    // or the same as little-endian float32; not both

	// Done, if not nil, receives the call when it has ended; Wait then
	// returns at once. Many calls may share it. It must always have room for
	// all calls in flight that do: the Client never waits for it and panics
	// instead.
	Done chan *Call

	flight  *flight
	started bool // and Wait has not returned
	err     error
}

// Score scores the vectors in rows, row after row, and puts one score for each
// into dst, in the same order. More vectors than fit a request are sent as
// several, over all connections; their scores are all or nothing: when Score
// fails, dst holds unspecified values.
//
// It waits for room when all windows are full, for the write, and for the
// answer; each wait ends with ctx or Config.Timeout. An answer that came as
// ctx ended counts. For errors see the package comment.
//
// Ownership: rows is read and dst written until Score returns, never after.
// They must not overlap.
// Cost: no allocation in the steady state; rows of fewer than 8 KiB a request
// are copied once, others not at all on a little-endian machine.
func (c *Client) Score(ctx context.Context, dst, rows []float32) error {
	call := calls.Get().(*Call)
	call.Dst, call.Rows = dst, rows
	return c.do(ctx, call)
}

// ScoreBytes is Score for rows that are encoded already: little-endian
// float32, at any address.
func (c *Client) ScoreBytes(ctx context.Context, dst []float32, rows []byte) error {
	call := calls.Get().(*Call)
	call.Dst, call.Bytes = dst, rows
	return c.do(ctx, call)
}

// calls holds calls that nobody has in flight.
var calls = sync.Pool{New: func() any { return new(Call) }}

func (c *Client) do(ctx context.Context, call *Call) error {
	c.start(call, ctx.Err())
	err := call.Wait(ctx)
	call.Dst, call.Rows, call.Bytes = nil, nil, nil
	calls.Put(call)
	return err
}

// Start sends call on its way and never blocks. Calls that find no room wait
// in line, at no cost but their own memory, so the caller bounds how many
// there are. Each started call must be waited for.
//
// It panics when call has been started and not waited for, or has both Rows
// and Bytes. Every other failure is Wait's to tell.
func (c *Client) Start(call *Call) { c.start(call, nil) }

func (c *Client) start(call *Call, ended error) {
	if call.started {
		panic("client: call started again before Wait has returned")
	}
	if call.Rows != nil && call.Bytes != nil {
		panic("client: call with both Rows and Bytes")
	}
	f := call.prepare(c)
	switch size := f.payload.bytes(); {
	case size != len(call.Dst)*c.format.RowBytes():
		f.end(&DimError{Bytes: size, Scores: len(call.Dst), Dim: c.cfg.Dim})
	case ended != nil:
		f.end(&GaveUp{Err: ended})
	case c.closing.Load():
		f.end(ErrClosed)
	case len(call.Dst) == 0:
		f.end(nil)
	default:
		r := request{flight: f, vectors: len(call.Dst)}
		f.startTimer(c.cfg.Timeout) // from here on call may have ended, and be the caller's again
		c.place(r)
	}
}

// prepare gives call a flight that no request refers to.
func (call *Call) prepare(c *Client) *flight {
	if call.flight == nil {
		call.flight = newFlight()
	}
	f := call.flight
	f.client, f.call, f.done = c, call, call.Done
	f.dst, f.missing = call.Dst, len(call.Dst)
	if f.payload = (payload{encoded: call.Bytes}); call.Bytes == nil {
		f.payload = payloadOf(call.Rows)
	}
	f.begun, f.over = 0, false
	call.started = true
	return f
}

// Wait returns when call has ended, and how: nil when Dst holds its scores.
// When ctx ends first, Wait abandons the call: its connections' order stands,
// its late answer is dropped. A context that has ended already thus cancels a
// call. Until Wait is called nothing but the answer, the loss of a connection
// or Config.Timeout ends it.
//
// One goroutine at a time may wait. Waiting again returns the same. It panics
// on a call never started.
func (call *Call) Wait(ctx context.Context) error {
	if call.started {
		call.await(ctx)
		call.collect()
	} else if call.flight == nil {
		panic("client: Wait on a call that was not started")
	}
	return call.err
}

func (call *Call) await(ctx context.Context) {
	f := call.flight
	select {
	case <-f.finished:
		return
	case <-ctx.Done():
		f.end(&GaveUp{Err: ctx.Err()})
	}
	<-f.finished // also when an answer was faster
}

// conclude takes what is known of a flight that has ended, and lets go of the
// caller's memory.
func (call *Call) collect() {
	f := call.flight
	f.mu.Lock()
	stopped := f.stopTimer()
	f.dst, f.payload = nil, payload{}
	call.err, call.started = f.err, false
	if gaveUp, ok := f.err.(*GaveUp); ok {
		gaveUp.Written = f.begun > 0 // known only after a write was interrupted
	}
	f.mu.Unlock()
	if call.err != nil || !stopped {
		call.flight = newFlight() // requests, or the timer, may still refer to f
	}
}
