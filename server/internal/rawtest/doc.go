// Package rawtest helps to test the server over real sockets. It holds:
//
//   - a client that encodes and decodes by hand, from the description of the protocol; it
//     shares no code with the modules wire and client,
//   - a harness that starts a server in every placement, and checks that the server holds
//     nothing when its clients are gone,
//   - golden byte streams,
//   - a seccomp filter that refuses system calls.
//
// Package daemontest runs the daemon as a process.
//
// Functions that return errors may run on any goroutine. Functions that take a TB end the
// test, so they belong on the test's own goroutine. Every connection has a deadline: when a
// server hangs, the test fails with a sentence and does not hang.
package rawtest
