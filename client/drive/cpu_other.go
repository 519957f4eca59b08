//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package drive

import "time"

// processCPU returns 0: the CPU time is unknown on this system.
func processCPU() time.Duration { return 0 }
