//go:build linux

// Package background does work on an OS thread of its own that has the lowest priority for a while.
package background

import "runtime"

// onOwnThread runs work on an OS thread that runs nothing else, and that ends when work has returned.
// So work may change the thread. It does not run on the process's main thread, which cannot end: signals
// to the process are delivered to that one first.
func onOwnThread(work func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if isMainThread() {
			onOwnThread(work) // on another thread, because this one is taken
			runtime.UnlockOSThread()
			return
		}
		work() // the thread ends with this goroutine, because it stays locked
	}()
	<-done
}
