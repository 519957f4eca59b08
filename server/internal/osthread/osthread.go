//go:build linux

// Package osthread ends OS threads that have slipped from the goroutine that was locked to
// them. A goroutine that ends while it is locked takes its thread with it, and with the thread
// goes what the kernel keeps for it: its CPUs, and its reference to an io_uring. If code that
// the goroutine calls unlocks it (runtime.UnlockOSThread), the goroutine moves to another
// thread, and its own one lives on among those on which Go runs anything.
package osthread

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long End looks for a thread that runs something else.
const patience = time.Second

// End runs last on the thread of this process that has the number thread, and then ends the
// thread. If the calling goroutine is on it, the thread ends with that goroutine.
//
// Otherwise End needs Go's scheduler to have the thread to spare, within a second. It reports
// whether it had. If not, End has not run last: the thread has ended, or something else has
// occupied it for all that time. The main thread never ends: Go only runs nothing on it any more.
func End(thread int, last func()) bool {
	runtime.LockOSThread()
	if unix.Gettid() == thread {
		last()
		return true // still locked
	}
	runtime.UnlockOSThread()
	sweeping.Lock() // two sweeps would take threads from each other
	defer sweeping.Unlock()
	pause := 4 * time.Millisecond // few sweeps, because each may make the scheduler start threads
	for began := time.Now(); exists(thread) && time.Since(began) < patience; pause *= 2 {
		if sweep(thread, last) {
			return true
		}
		time.Sleep(pause)
	}
	return false
}

var sweeping sync.Mutex

// sweep occupies the threads that the scheduler has to spare, one after the other, until it
// has the one that it looks for, or gets a new one because all others are occupied.
func sweep(thread int, last func()) (found bool) {
	known := threads()
	release := make(chan struct{})
	defer close(release)
	for range len(known) + 1 {
		got := make(chan int)
		go func() {
			runtime.LockOSThread()
			here := unix.Gettid()
			if here == thread {
				last()
			}
			got <- here
			if here != thread && known[here] {
				<-release
				runtime.UnlockOSThread()
			}
		}()
		if here := <-got; here == thread || !known[here] {
			return here == thread
		}
	}
	return false
}

// threads returns the numbers of the threads of this process.
func threads() map[int]bool {
	all := make(map[int]bool)
	tasks, _ := os.ReadDir("/proc/self/task") // without it, sweep takes every thread for a new one
	for _, task := range tasks {
		if number, err := strconv.Atoi(task.Name()); err == nil {
			all[number] = true
		}
	}
	return all
}

func exists(thread int) bool { return unix.Tgkill(unix.Getpid(), thread, 0) == nil }
