// Package violation tells an operator what a peer sent that broke the protocol.
//
// A violation is a count that the format does not allow, or something else where a balancer has to
// send a PROXY header. [Seen] holds what the server saw of a count, and its String is a sentence
// with the count, the counts that are allowed, and a guess at what the peer sends instead. The
// guess is left out where it would often be wrong.
//
// A [Log] logs these sentences. It bounds how many lines a peer, and all peers together, can
// cause, and counts what it leaves out.
package violation
