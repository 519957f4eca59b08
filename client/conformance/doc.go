// Package conformance tests both sides of the protocol over real sockets.
//
// A [Server] misbehaves on command. A client in any language passes it with one test file:
// the test asks for a [Scenario] over a control connection, makes the calls that the answer
// names, compares their outcomes, and asks whether the server's side saw what it had to see.
// README.md is the reference of the control protocol.
//
// [CheckServer] is the other direction: a client that plays every form of a hello, of
// requests and of ends, and says what a server did wrong.
//
// Scores follow a rule that any language computes: output j of a row is the sum of its
// features times j+1, for j from 0. See [Scores].
//
// Every wait has a deadline and fails with what it waited for. At the end of a scenario or a
// check no goroutine and no socket is left.
package conformance
