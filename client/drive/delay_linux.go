package drive

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// sliceNanos is the time slice that a thread asks for. A thread with a shorter slice than others
// gets a CPU sooner, though no more of it (EEVDF, Linux 6.12; sched_setattr(2)). Where a server
// polls on the same CPU, a thread that polls for due requests would otherwise wait for the tick of
// the kernel, 1 to 10 ms later.
const sliceNanos = 100_000

// shortenSlice makes the slice of the calling thread short. It may fail: older kernels have one
// slice for all, and the judge of a run says what that costs.
func shortenSlice() {
	attr, err := unix.SchedGetAttr(0, 0)
	if err != nil || attr.Policy != unix.SCHED_NORMAL {
		return
	}
	attr.Runtime = sliceNanos
	_ = unix.SchedSetAttr(0, attr, 0)
}

// delayed returns how many nanoseconds the calling thread has been ready to run while others had
// the CPUs (proc/sched-stats in the kernel's documentation). It is 0 where the kernel does not count.
func delayed() int64 {
	stat, err := os.ReadFile("/proc/thread-self/schedstat")
	fields := bytes.Fields(stat)
	if err != nil || len(fields) < 2 {
		return 0
	}
	nanos, _ := strconv.ParseInt(string(fields[1]), 10, 64) // 0 if it is no number
	return nanos
}
