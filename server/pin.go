//go:build linux

package server

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// pin binds the calling thread to the n-th CPU that the process may use, if the Config says
// so. When there are too few CPUs, it wraps around.
func (s *Server) pin(n int) error {
	if !s.cfg.Pin {
		return nil
	}
	var allowed, one unix.CPUSet
	if err := unix.SchedGetaffinity(unix.Getpid(), &allowed); err != nil {
		return fmt.Errorf("reading the CPUs this process may use: %w", err)
	}
	n %= allowed.Count()
	for cpu := 0; ; cpu++ {
		if !allowed.IsSet(cpu) {
			continue
		}
		if n == 0 {
			one.Set(cpu)
			break
		}
		n--
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return fmt.Errorf("pinning a thread: %w", err)
	}
	return nil
}
