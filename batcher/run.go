package batcher

import "runtime"

// Run answers requests until their ring is closed and drained. It is the dedicated
// placement. It locks the calling goroutine to its thread, so that the thread can be
// pinned, and waits between batches by the request ring's WaitStrategy.
func (b *Batcher) Run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		if b.Poll() == 0 && !b.requests.Wait() {
			return
		}
	}
}
