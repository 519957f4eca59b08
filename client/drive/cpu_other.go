//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package drive

import "time"

// processCPU is unknown here.
func processCPU() time.Duration { return 0 }
