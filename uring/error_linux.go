package uring

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// BlockedError reports that this process may not use io_uring, or that the
// kernel has none. Its text says how to allow it.
type BlockedError struct {
	Errno    unix.Errno // EPERM, EACCES or ENOSYS, from io_uring_setup
	Disabled int        // the sysctl kernel.io_uring_disabled; -1 where the kernel has none
}

// Error is one sentence: what is blocked, by what, and the remedy.
func (e *BlockedError) Error() string {
	switch {
	case e.Errno == unix.ENOSYS:
		return "uring: this kernel offers no io_uring (io_uring_setup: function not implemented): " +
			"use Linux 5.19 or newer built with CONFIG_IO_URING, outside sandboxes that hide it"
	case e.Disabled == 2:
		return "uring: io_uring is switched off on this machine (kernel.io_uring_disabled = 2): " +
			"allow it with `sysctl kernel.io_uring_disabled=0`"
	case e.Disabled == 1:
		return "uring: io_uring is reserved to privileged processes on this machine (kernel.io_uring_disabled = 1): " +
			"allow it with `sysctl kernel.io_uring_disabled=0`, " +
			"or run as a member of the group that kernel.io_uring_group names"
	}
	return fmt.Sprintf("uring: io_uring_setup is blocked (%v), most likely by the seccomp profile of a container: "+
		"use a profile that allows io_uring_setup, io_uring_enter and io_uring_register "+
		"(`docker run --security-opt seccomp=PROFILE`)", e.Errno)
}

// Unwrap returns the errno, so that errors.Is(err, unix.EPERM) holds.
func (e *BlockedError) Unwrap() error { return e.Errno }

// UnsupportedError reports that the kernel is older than a feature.
type UnsupportedError struct {
	Feature string     // what is missing, by the kernel's name
	Linux   string     // the first version that has it
	Errno   unix.Errno // what the kernel said
}

// Error is one sentence that names the feature and the version that has it.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("uring: this kernel has no %s (%v): use Linux %s or newer", e.Feature, e.Errno, e.Linux)
}

// Unwrap returns the errno.
func (e *UnsupportedError) Unwrap() error { return e.Errno }

// enterError describes a failed io_uring_enter. Another thread than the ring's is
// told EEXIST by the ring, and EINVAL or EBADF where it looks for the registered
// descriptor, of which each thread has its own.
func (r *Ring) enterError(errno unix.Errno) error {
	switch {
	case r.fd < 0:
		return fmt.Errorf("uring: the ring is closed: %w", errno)
	case errno == unix.EEXIST, r.enterFlags != 0 && (errno == unix.EINVAL || errno == unix.EBADF):
		return fmt.Errorf("uring: the ring belongs to another thread: %w", errno)
	}
	return fmt.Errorf("uring: io_uring_enter: %w", errno)
}
