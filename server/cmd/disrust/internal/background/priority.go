//go:build linux

package background

import (
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Runner runs work at the lowest priority.
type Runner struct {
	// For is how long the priority of a piece of work stays low. From then on it has the ordinary one, so
	// that it ends on a busy machine, too.
	For time.Duration

	Log *slog.Logger // gets one line if the system does not allow it

	tried   sync.Once
	allowed bool
}

// Run runs work, and returns when it has returned. work must not panic, and goroutines that it starts have
// the ordinary priority.
//
// The priority is that of SCHED_IDLE: the thread runs when a CPU has nothing else to do, and otherwise gets
// a three-hundredth of it.
//
// Go's runtime may have to wait for the thread, to stop the world or for a lock that the thread holds when the
// kernel takes the CPU from it. The other threads of the process then sleep, and leave it their CPUs. So this does
// not take long, unless other processes fill all CPUs: then the whole process waits until the kernel runs the thread.
func (r *Runner) Run(work func()) {
	r.tried.Do(r.try)
	onOwnThread(func() {
		if r.allowed {
			defer lower(r.For)()
		}
		work()
	})
}

// try finds out whether the system gives the ordinary priority back. It needs a right for that which it does
// not need to lower it. A thread for which it refuses would stay as it is, so this is the try's own.
func (r *Runner) try() {
	onOwnThread(func() {
		before, err := lowest()
		if err == nil {
			err = set(0, before)
		}
		if r.allowed = err == nil; !r.allowed {
			r.Log.Warn("a model is loaded at the ordinary priority: the system lowers that of a thread, but does not give it back "+
				"(LimitNICE=+0 in the unit of systemd, or the capability CAP_SYS_NICE, allows it)", "error", err)
		}
	})
}

// lower gives this thread the lowest priority. Its former one comes back after a period, or when restore is
// called, whichever is first.
//
// Invariant: restore has returned before the thread ends, so that no other thread has its number when the
// timer fires.
func lower(period time.Duration) (restore func()) {
	before, err := lowest()
	if err != nil {
		return func() {}
	}
	thread := unix.Gettid()
	var once sync.Once
	back := func() { once.Do(func() { set(thread, before) }) } // the try has shown that it may
	timer := time.AfterFunc(period, back)
	return func() {
		timer.Stop()
		back()
	}
}

// lowest gives this thread the lowest priority, and returns its former one.
func lowest() (before *unix.SchedAttr, err error) {
	if before, err = unix.SchedGetAttr(0, 0); err != nil {
		return nil, err
	}
	return before, set(0, &unix.SchedAttr{Policy: unix.SCHED_IDLE})
}

// set sets the priority of a thread; 0 is the caller. Threads that it makes do not inherit it.
func set(thread int, to *unix.SchedAttr) error {
	next := unix.SchedAttr{Policy: to.Policy, Nice: to.Nice, Priority: to.Priority, Flags: unix.SCHED_FLAG_RESET_ON_FORK}
	return unix.SchedSetAttr(thread, &next, 0)
}

func isMainThread() bool { return unix.Gettid() == unix.Getpid() }
