//go:build linux

// Package stages keeps how long the requests of a thread took, and what the thread did with its time.
//
// A [Recorder] and a [Times] belong to one thread, which writes them. Any goroutine may read them at any time.
package stages
