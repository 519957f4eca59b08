//go:build linux

// Package iothread is one I/O thread: the owner of its connections, their
// memory and an io_uring.
//
// A turn of the loop ([Thread.Run]) reads like this:
//
//	hand the kernel what the last turn prepared, take what it has completed
//	complete  each completion: accept, parse and admit or answer, or note
//	exchange  publish what was admitted, collect the answers, resume who waited
//	flush     one send and one receive a connection that needs it
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
// The kernel is lent as few receive buffers as what it receives in them keeps in the
// cache (lend), those used last first.
//
// # Who may touch what
//
// A connection's slot is freed only when no operation of the kernel is left that
// could touch its memory (conn.ops is zero); every operation and every ring slot
// carries the connection's key with its generation, so what comes late finds
// nothing. Sends do not wait: they take what the socket takes at once
// (MSG_DONTWAIT) and complete within the turn that submits them, without a
// completion of their own when all was taken. Only the rest of a send that the
// socket refused stays with the kernel, as an operation of its own.
package iothread
