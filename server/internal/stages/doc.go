//go:build linux

// Package stages keeps how long the requests of a thread took, and what the thread did with its time.
//
// A [Recorder] and a [Times] belong to one thread, which writes them. Any goroutine may read them. The
// thread counts in plain memory, and adds that to what others can read when it has nothing else to do, or
// after some turns.
package stages
