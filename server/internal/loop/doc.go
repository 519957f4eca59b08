//go:build linux

// Package loop is the connection state machine of one I/O thread. The thread owns its
// connections and their memory, and reaches the kernel through a [netio.Backend]. An
// answer here is what package wire calls a response.
//
// A turn of the loop ([Thread.Run]) has these steps:
//
//	turn           submit the operations that the last turn prepared, take the events
//	dispatch       handle each event: accept, parse and score or admit, or note the outcome
//	sweepTimeouts  after a tick, end the input of connections that have timed out, and dismiss some
//	settleSends    end the sends that this turn submitted
//	checkStop      begin a drain, or close everything, if asked to
//	exchange       publish admitted requests, collect answers, resume stalled connections
//	flush          prepare one send and one receive for each connection that needs them
//
// # A connection's life
//
// A connection goes through the phases open, answering, lingering and closing, in this
// order. It may skip a phase, but never returns to an earlier one.
//
//	event               phase afterwards      handled by (file)
//	accept              open                  accepted, adopt (accept.go)
//	denied or refused   none: closed          adopt (accept.go)
//	PROXY header        open                  awaitHeader, takeHeader (proxied.go)
//	denied by header    closing               takeHeader (proxied.go)
//	wrong header        answering             rejectHeader (proxied.go)
//	receive             open                  arm, received (receive.go)
//	no buffer           open                  received, armStarved (receive.go); lend (lend.go)
//	score in place      open                  admitAll (admit.go), scoreInPlace (score.go)
//	admit               open                  admitAll, admit (admit.go)
//	no room to admit    open, stalled         received (receive.go), resume (admit.go)
//	hello               open                  receiveHello, continueHello, greet (hello.go)
//	refused hello       answering             greet (hello.go)
//	respond             open or answering     publish, collect, respond (score.go)
//	send                open or answering     send, settleSends, sentRest (send.go)
//	half-close (FIN)    answering             received, endInput (receive.go)
//	violation           answering             violate, deny (admit.go)
//	model failure, v1   answering             modelFailed (score.go)
//	model failure, v2   open or answering     modelFailed (score.go)
//	time-out            answering             sweepTimeouts, checkTimeout (time.go)
//	drain               open                  drain, dismissSome (drain.go)
//	silence in a drain  answering             endSilence, drained (drain.go); arm (receive.go)
//	old age             open                  sweepTimeouts, checkAge (time.go)
//	dismissed, v1       answering             dismiss, drained (drain.go); arm (receive.go)
//	dismissed, v2       open                  dismiss (drain.go); greet, sendGoingAway (hello.go)
//	notice ignored      answering             checkAge (time.go)
//	all answers sent    lingering or closing  advance, finish (life.go)
//	linger              lingering             linger (life.go); its end: tick (time.go)
//	abort               closing               checkStop (drain.go)
//	error, or the end   closing               close (life.go)
//	last operation ends none: slot free       advance, reap (life.go)
//
// v1 and v2 are the versions of the protocol. While dispatch handles events, settleSends has
// not run yet: conn.sending still holds what the last turn sent, also if the socket took all
// of it.
//
// # Two versions
//
// A connection speaks version 1 until it has received a hello as the first message. A hello
// begins with a count that no request may have, so the thread looks for one only where a count is
// not allowed. The thread collects a hello in the block of a partial request.
//
// If the model fails for a request in version 2, a failure takes the place of the answer. It
// is never larger than the answer. Three messages answer no request: the welcome, the notice
// that the server is going away, and the failure that names a count. A connection sends each of
// them at most once, and every block of output has room for all three (extraBytes). The failure
// that names a count waits until no request is in flight (deny), because it is the last message.
//
// The thread dismisses a connection in a drain, or when it is old. A version 1 connection then ends when
// it has read what had arrived. The thread tells a version 2 connection that the server is going away,
// and reads on until the peer's FIN, a timeout or an abort, or until an old connection has ignored the
// notice for too long. If a hello arrives after that, the notice follows the welcome.
//
// A connection is silent until four bytes of its stream have been received, which tell its version. Its
// peer may have connected just now: one thread may already tell its clients to connect elsewhere while
// another one still accepts them. So a drain waits silenceTicks for these bytes. Without them, the
// connection counts as one of version 1.
//
// # Behind a balancer
//
// A connection from an address in Config.Proxies waits for a PROXY header, which the thread collects
// in the block of a partial request. The header is no part of the connection's stream: the stream
// begins behind it. The thread judges by Config.Allow once the header has named the peer. A connection
// that waits for its header is silent.
//
// # What bounds the memory
//
//   - The thread arms a receive for a connection only while the connection has room for
//     the answers to everything that the receive can bring. The thread does not read
//     from a peer that does not read its answers, and no answer ever lacks room.
//   - A thread has at most as many requests in flight as its response ring has slots, and
//     as its share of the request ring allows. So neither ring is full when something must
//     be published. Room returns only with answers, and answers wake the thread.
//   - The pool frees rows in the order of the answers. A connection whose requests find
//     no room keeps its receive buffer and waits in Thread.stalled, a first-come,
//     first-served queue.
//   - A connection holds at most one receive buffer, and only while it is stalled.
//
// # What is not copied
//
// A thread that scores for itself gives the model the rows where they were received
// (scoreInPlace), if the model can read them there. It writes the answers straight to the
// connection's output. Such requests are not admitted, and use neither pool nor rings. If
// a receive ends within a request, the thread copies the beginning of that request to a
// block. It can score the request there once the rest has arrived. A model that wants packed
// rows scores a request of many vectors in place. Small requests reach it through the
// pool, those of many connections in one batch.
//
// # What is measured
//
// stages.go says how long each request is read, waits, is scored and is sent. A read's requests share a
// Record from when they are parsed until the turn has ended that sends their answers.
//
// # What is scored together
//
// Many models take less time for a row if a call brings more of them. ScoreInline says how many
// rows are enough for the thread's model. A call in place must have that many (suits). The thread
// gathers requests of fewer rows in the pool, from whichever connections, and publish scores them as
// one matrix: when the events of the turn are handled, or when publishRows have come together. Nothing
// waits for requests that have not arrived. If one call of the model scores in place all that the turn
// has brought, the thread scores it there, because there is nothing to gather it with.
//
// Each time that the thread has scored the gathered rows, the pool is empty. So the next rows are
// written to the same memory, which is still in the cache.
//
// The thread lends the backend only as many receive buffers as keep the received bytes in
// the cache (lend). It lends the most recently used buffers first.
//
// # Who may touch what
//
// The thread frees a connection's slot only when no operation in flight could touch the
// connection's memory (conn.ops is zero). Every operation and every ring slot carries the
// connection's key with its generation, so a stale event or answer finds no connection. A
// Send does not wait: the socket takes what it can at once, and the Send ends within the
// turn that submits it. It has no event if the socket took everything. Only the rest that
// the socket refused stays in flight, as an operation of its own (SendRest).
package loop
