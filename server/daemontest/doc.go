// Package daemontest runs servers as processes, for tests and benchmarks: it
// builds the daemon disrust, starts it and returns when it is ready, reads what it
// prints and uses, suspends it, and ends it.
//
// [Launch] starts a daemon. [StartProcess] starts any other command, and
// [Process.AwaitReady] waits until that is ready. These and all other functions
// without a testing.TB return errors and may be called on any goroutine. Those
// with a TB end the test, so they belong on the test's own goroutine.
//
// A process that the package starts does not get the terminal's Ctrl-C, and it
// does not outlive the process that started it. Every wait has a limit, so that a
// process that hangs fails a test with a sentence instead of stopping it.
//
// The package imports nothing of the server, and builds the daemon from the
// module beside its own. It needs Linux, the go command and a clone of the
// repository.
package daemontest
