// Package client scores vectors on disrust servers, for programs that do so on
// their request path: any number of goroutines, several servers, one Client.
//
// # How it works
//
// A Client holds Config.Conns connections to each of Config.Addrs. Score, or
// Start for calls that one goroutine keeps in flight, sends a request over the
// connection with the fewest vectors outstanding. Requests are pipelined: one
// goroutine of a connection gathers whatever has been asked into one write,
// another matches responses to requests, which come back in request order. The
// more is asked at a time, the more requests a write and a read carry, and the
// less each of them costs.
//
// Up to Config.Window requests are in flight on a connection. When all windows
// are full, calls wait in line. A call above Config.MaxVectors goes as several
// requests, possibly over several connections; its scores are all or nothing.
//
// # Lost connections
//
// A lost connection is made again in the background: at once, and when that
// fails after 10 ms, then twice as long up to 1 s, each less a random part of
// up to half, so that clients do not come back as one. Host names are looked
// up again each time. A server that cannot be reached is passed over.
//
// Of the requests on a lost connection, those not written move to another one;
// callers see nothing of it. One that was written, at least in part, may have
// been scored. It fails with *ConnectionLost, or is sent again up to
// Config.Retry times: scoring changes nothing on the server, so that is safe
// unless a request itself makes servers fail.
//
// While no connection stands calls wait, as long as some address may still
// answer its first new attempt. When all have failed, waiting and later calls
// fail at once with *Unavailable, until an attempt succeeds: on a request path
// an error now is worth more than a hope.
//
// A server that hangs is given up after Config.StallTimeout of silence.
//
// # Deadlines
//
// Every wait of a call ends with its context, and with Config.Timeout: in line,
// being written, and waiting for the answer. Before Wait a call from Start has
// no context; Config.Timeout bounds it all the same. A call abandoned disturbs
// no other. What was not written of it is not; a write in the middle of its
// rows is interrupted and goes on from a copy of the one request it was in; its
// answer is read and dropped. Neither dst nor rows is touched once Score or
// Wait has returned.
//
// # Errors
//
// Use errors.As and errors.Is:
//
//	*GaveUp          the context ended, or Config.Timeout; wraps context.DeadlineExceeded or Canceled
//	*ConnectionLost  written, then lost; wraps io.EOF, ErrStalled, *ProtocolError, or the network's error
//	*Unavailable     no connection, and every address has failed; wraps the reasons
//	*DimError        rows are not one vector per score; nothing was sent
//	ErrClosed        started after Close
//
// A *ProtocolError is a response that answers no request: often a server of
// other software. A server of another dim or max_vectors mostly shows as
// *ConnectionLost, with io.EOF or ErrStalled.
//
// # Costs
//
// A call allocates nothing in the steady state. Rows of a request below 8 KiB
// are copied once, into the write; larger ones are written from where they are,
// on little-endian machines other than Windows and Plan 9. (Measured on a busy
// two-core machine: of up to 2 KiB copying was faster by a fifth or more; from
// 4 to 32 KiB neither was beyond the noise, so memory traffic decides.) A
// connection costs two goroutines, 64 KiB to read into, and up to 128 KiB and
// a request to write from.
package client
