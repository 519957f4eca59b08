// Package client scores vectors on disrust servers. It is for programs that do so
// on their own request path: any number of goroutines share one Client, which may
// use several servers.
//
// # How it works
//
// A Client holds Config.Conns connections to each of Config.Addrs. [Client.Score]
// sends a request over the connection with the fewest vectors outstanding and
// waits for the scores. [Client.Start] does not wait, so that one goroutine can
// keep many calls in flight.
//
// Requests are pipelined. Each connection has two goroutines. One gathers all
// requests that callers have made into one write. The other matches responses to
// requests; the server answers in request order. The more calls are in flight,
// the more requests each write and each read carries, and the less a call costs.
//
// At most Config.Window requests are in flight on a connection. When all windows
// are full, calls wait in a queue. A call of more vectors than a server takes in a
// request is sent as several requests, possibly over several connections; it gets all
// its scores or an error.
//
// # What the servers serve
//
// The Client speaks version 2 of the protocol, or version 1 if Config.Version says so.
// package wire describes both. In version 2 each connection begins with a hello, which
// states what Config expects, and the server's welcome, which states what it serves:
// [Client.Servers] returns that. The Client sends requests after the welcome. So a
// Client needs no more than an address, and a server that serves something else refuses
// the connection with *Refused instead of giving wrong scores. All servers must serve
// the dim, the outputs and the kind of scores that the first one serves; the address of
// another one fails. In version 1 Config must state the server's dim, outputs and
// max_vectors.
//
// A server that ends a connection before its welcome may be a version 1 server. The
// Client says so and does not fall back, because it cannot tell.
//
// # Failed requests
//
// A model that returns an error or panics fails one request. The request's call gets
// *ModelFailed, which names the first row that fails even alone, if the server knows it.
// Other calls on the connection go on.
//
// # Lost connections
//
// The Client makes a lost connection again in the background. The first attempt
// is immediate. When it fails, the Client waits 10 ms, then twice as long before
// each further attempt, up to 1 s. It shortens each wait by a random part of up to
// half, so that many clients do not reconnect at the same moment. Each attempt
// looks the host name up again. If the name has several addresses, each connection
// prefers another one, and takes the next if that one fails. Calls use the
// connections that stand.
//
// A server or a proxy may close a connection between two answers, for example
// because it was idle. That is no failure. The Client connects again when the next
// call starts, so that idle clients do not reconnect for ever. If the connection
// had brought no answer, the wait above comes first.
//
// In version 2 a server that stops says so: it is going away. The Client sends it no
// new request, moves the requests that it has not begun to send to other connections,
// and reads the answers to the rest. Meanwhile it connects again as after an orderly
// close. Requests that are unanswered when a connection ends in order, with or without
// notice, move too. Each moves at most once for each of Config.Addrs and once more, so
// that a request that makes servers stop does not go round for ever. So no call fails
// because one of several servers stops or restarts.
//
// What happens to the requests on a connection that is lost otherwise, or in version 1,
// depends on how far they got. A request that was not written moves to another
// connection, and its caller notices nothing. A request that was written, at least in
// part, may have been scored: its call fails with *ConnectionLost, or the request is
// sent again up to Config.Retry times. To send it again is safe, because scoring changes
// nothing on the server, unless the request itself makes servers fail.
//
// When no connection stands, calls wait until the first new attempt at every address
// has failed. From then on waiting calls and new calls fail at once with
// *Unavailable, until an attempt succeeds. On a request path an immediate error is
// better than a wait that may not end.
//
// A connection on which a server stays silent for Config.StallTimeout, with
// requests in flight, is closed.
//
// # Deadlines
//
// A call waits in the queue, while its rows are written, and for the answer. Each
// of these waits ends with the call's context and with Config.Timeout. A call from
// Start has no context before Wait; Config.Timeout bounds it from the start.
//
// An abandoned call disturbs no other call. Its requests that are not yet written
// are dropped. If a write is in the middle of its rows, the Client interrupts the
// write, copies the rest of that one request, and goes on from the copy. The late
// answer is read and dropped. After Score or Wait has returned, the Client touches
// neither dst nor rows.
//
// # Errors
//
// Use errors.As and errors.Is:
//
//	*GaveUp          the context or Config.Timeout ended the call; wraps context.DeadlineExceeded or Canceled
//	*ConnectionLost  the request was written, then its connection was lost; wraps io.EOF, ErrStalled,
//	                 *ProtocolError, or the network's error
//	*ModelFailed     the model returned an error or panicked on a request of the call
//	*Unavailable     no connection stands, and every address has failed; wraps the reasons:
//	                 *Refused, *NoWelcome, *ConnectionLost, or the network's error
//	*DimError        the rows and dst are not of the same number of vectors; nothing was sent
//	ErrClosed        the call was started after Close
//
// A *ProtocolError is a response that answers no request, or another violation. In
// version 1 the server is then often other software, and a server with another dim or
// max_vectors mostly shows as *ConnectionLost with io.EOF or ErrStalled.
//
// # Costs
//
// In the steady state a call allocates nothing. If the rows of a request are below
// 8 KiB, the Client copies them once, into the write. Larger rows are written from
// the caller's memory, on little-endian machines other than Windows and Plan 9.
// (Measured on a busy two-core machine: up to 2 KiB, copying was faster by a fifth
// or more; from 4 to 32 KiB the difference was within the noise, and writing in
// place saves memory traffic.) A connection costs two goroutines, a read buffer of
// 64 KiB, and a write buffer of up to 128 KiB and one request.
package client
