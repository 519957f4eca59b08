//go:build linux

// Package loop is the connection state machine of one I/O thread: the owner of its
// connections and their memory. It reaches the kernel through a [netio.Backend].
//
// A turn of the loop ([Thread.Run]) reads like this:
//
//	turn      hand the backend the operations of the last turn, take its events
//	dispatch  each event: accept, parse and admit or answer, or note
//	exchange  publish what was admitted, collect the answers, resume connections that waited
//	flush     one send and one receive per connection that needs it
//
// # What makes it bounded
//
//   - A receive is armed only while the connection has room for the answers of
//     everything that receive can bring. A peer that does not read its answers is
//     not read from; no answer ever lacks room.
//   - A thread has no more requests in flight than the response ring has slots,
//     and no more than its share of the request ring. Neither can be full when
//     something must go in, and room returns only with answers, which wake it.
//   - The pool gives rows back in the order of the answers. A connection whose
//     requests find no room keeps its receive buffer and waits its turn in
//     Thread.stalled, first come, first served.
//   - A connection holds at most one receive buffer, and only while it is stalled.
//
// # What is not copied
//
// A thread that scores for itself hands the model the rows where they were received
// (scoreInPlace), if the model can read them there, and writes the answers straight to
// the connection's output: nothing is admitted, and pool and rings stay empty. What
// remains of a receive that ended within a request is copied to a block and scored
// there. A model that wants rows side by side gets requests of many vectors in place,
// and small ones by way of the pool, many connections' in one batch.
//
// The backend is lent as few receive buffers as keep what it receives in the cache
// (lend), those used last first.
//
// # Who may touch what
//
// A connection's slot is freed only when no operation is under way that could touch
// its memory (conn.ops is zero); every operation and every ring slot carries the
// connection's key with its generation, so a late event or answer finds nothing. A
// Send does not wait: it takes what the socket takes at once and is over within the
// turn that submits it, without an event when all was taken. Only the rest of a send
// that the socket refused stays under way, as an operation of its own (SendRest).
package loop
