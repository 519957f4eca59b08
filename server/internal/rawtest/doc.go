// Package rawtest holds what the tests of the server need to meet it on real
// sockets: a client that encodes and decodes by hand from the protocol's
// description and shares no code with the modules wire and client, a harness
// that starts a server in every placement and checks that it gives everything
// back, golden byte streams, and system calls that are refused. Package daemontest
// runs the daemon as a process.
//
// Functions that may run on any goroutine return errors; only those that take
// a TB end the test, and they belong on the test's own goroutine.
// Every connection has a deadline, so that a server that hangs fails a test
// with a sentence instead of stopping it.
package rawtest
