package client

import (
	"context"
	"sync"
)

// Call is one call that the caller starts, leaves in flight, and waits for later.
// The caller owns it and fills its exported fields. A Call may be used again and
// again, on any Client, for one call at a time. It must not be copied once it has
// been started.
//
// Ownership: from Start until Wait has returned, Dst belongs to the Client, the
// caller must not change the rows, and it must not set any field. Dst must not
// overlap the rows, because some scores may arrive before all rows are sent.
type Call struct {
	Dst   []float32 // receives the scores, row after row
	Rows  []float32 // vectors, row after row
	Bytes []byte    // or the same vectors as little-endian float32; not both

	// Done, if not nil, receives the call when it has ended; Wait then returns at
	// once. Many calls may share one channel. Its buffer must always have room for
	// all calls in flight that share it: the Client does not wait for room but
	// panics.
	Done chan *Call

	flight  *flight
	started bool // the call was started and Wait has not returned
	err     error
}

// Score scores the vectors in rows, row after row, and puts the scores into dst, in the
// same order: one per vector, or as many as the model's outputs. If there are more vectors than fit in a request, it
// sends several requests, over all connections. If Score fails, the contents of
// dst are unspecified.
//
// Score waits for room when all windows are full, for the write, and for the
// answer. Each wait ends with ctx or Config.Timeout. If the answer arrives at the
// moment when ctx ends, Score may still succeed. For errors see the package
// comment.
//
// Ownership: until Score returns, the Client reads rows and writes dst; it never
// touches them afterwards. They must not overlap.
//
// Cost: no allocation in the steady state. If the rows of a request are below
// 8 KiB they are copied once; larger rows are not copied on a little-endian
// machine other than Windows and Plan 9.
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

// calls holds calls of Score and ScoreBytes that are not in flight.
var calls = sync.Pool{New: func() any { return new(Call) }}

func (c *Client) do(ctx context.Context, call *Call) error {
	c.start(call, ctx.Err())
	err := call.Wait(ctx)
	call.Dst, call.Rows, call.Bytes = nil, nil, nil
	calls.Put(call)
	return err
}

// Start starts call and never blocks. If all windows are full, the call waits in a
// queue. The queue has no bound and costs no more than the calls themselves, so the
// caller bounds the number of its calls. Each started call must be waited for.
//
// Start panics if the call was started before and Wait has not returned since, or
// if it has both Rows and Bytes. Wait returns every other error.
func (c *Client) Start(call *Call) { c.start(call, nil) }

// start starts call. ended is the error of its context, if that has ended already.
func (c *Client) start(call *Call, ended error) {
	if call.started {
		panic("client: call started again before Wait has returned")
	}
	if call.Rows != nil && call.Bytes != nil {
		panic("client: call with both Rows and Bytes")
	}
	f := call.prepare(c)
	vectors := len(call.Dst) / c.format.Outputs
	switch size := f.payload.bytes(); {
	case size != vectors*c.format.RowBytes() || len(call.Dst) != vectors*c.format.Outputs:
		f.end(&DimError{Bytes: size, Scores: len(call.Dst), Dim: c.format.Dim, Outputs: c.format.Outputs})
	case ended != nil:
		f.end(&GaveUp{Err: ended})
	case c.closing.Load():
		f.end(ErrClosed)
	case len(call.Dst) == 0:
		f.end(nil)
	default:
		r := request{flight: f, vectors: vectors}
		f.startTimer(c.cfg.Timeout) // from here on call may have ended and belong to the caller again
		c.place(r)
	}
}

// prepare gives call a flight to which no request refers.
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

// Wait waits until call has ended and returns its error, or nil if Dst holds its
// scores. If ctx ends first, Wait abandons the call: the Client drops the late
// answer, and other calls on the same connections go on. To cancel a call, call
// Wait with a context that has ended. Before Wait only the answer, the loss of a
// connection or Config.Timeout can end the call.
//
// Only one goroutine at a time may wait for a call. A second Wait returns the same
// result. Wait panics if the call was never started.
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
	<-f.finished // it also comes if an answer ended the call first
}

// collect copies the result from a flight that has ended, and drops the flight's
// references to the caller's memory.
func (call *Call) collect() {
	f := call.flight
	f.mu.Lock()
	stopped := f.stopTimer()
	f.dst, f.payload = nil, payload{}
	call.err, call.started = f.err, false
	if gaveUp, ok := f.err.(*GaveUp); ok {
		gaveUp.Written = f.begun > 0 // known only now, after the write has been interrupted
	}
	f.mu.Unlock()
	if call.err != nil || !stopped {
		call.flight = newFlight() // requests or the timer may still refer to f
	}
}
