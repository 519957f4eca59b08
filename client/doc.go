// Package client scores vectors on a disrust server over one pipelined TCP
// connection.
//
// A Client is safe for any number of goroutines. Their requests share the
// connection: one goroutine of the Client gathers whatever has been asked into
// one write, another matches responses to requests, which come back in request
// order. Up to Config.Window requests are in flight; a call that finds the
// window full waits. The more goroutines call Score, the more requests a write
// and a read carry, and the less each of them costs.
//
// Every wait of Score ends with its context. A call abandoned that way leaves
// the order of the others alone: its response is read and dropped, and neither
// dst nor rows is touched after Score has returned.
//
// A Client does not reconnect. When the connection is lost, calls in flight
// and all later ones fail with *ConnectionLost, which says whether the server
// may have seen the request. Scoring changes nothing on the server, so asking
// again on a new Client is always safe.
package client
