//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package drive

import (
	"syscall"
	"time"
)

// processCPU returns the user and system time that this process has used.
func processCPU() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
