package drive

import (
	"bytes"
	"os"
	"strconv"
)

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
