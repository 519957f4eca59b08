package uring

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// oldest is the first version of Linux that has everything this package needs.
const oldest = "5.19"

// The three system calls, as errors name them.
const (
	setupCall    = "io_uring_setup"
	enterCall    = "io_uring_enter"
	registerCall = "io_uring_register"
)

// BlockedError reports that this process may not use io_uring, or that the kernel
// does not offer it. Its text says how to allow it.
type BlockedError struct {
	Call     string     // the system call that was refused: io_uring_setup, io_uring_enter or io_uring_register
	Errno    unix.Errno // EPERM, EACCES, ENOSYS or EOPNOTSUPP
	Disabled int        // the sysctl kernel.io_uring_disabled, which governs io_uring_setup; -1 if it cannot be the cause
}

// Error returns one sentence: what is blocked, what blocks it, and the remedy.
func (e *BlockedError) Error() string { return "uring: " + e.Cause() + e.remedy() }

// Cause returns the first part of Error: what is blocked, without the remedy.
func (e *BlockedError) Cause() string {
	switch {
	case e.Call == setupCall && e.Errno == unix.ENOSYS:
		return "this kernel offers no io_uring (io_uring_setup: function not implemented)"
	case e.Call == setupCall && e.Errno == unix.EOPNOTSUPP:
		return "this host offers no io_uring (io_uring_setup: operation not supported)"
	case e.Disabled == 2:
		return "io_uring is switched off on this machine (kernel.io_uring_disabled = 2)"
	case e.Disabled == 1:
		return "io_uring is reserved to privileged processes on this machine (kernel.io_uring_disabled = 1)"
	}
	return fmt.Sprintf("%s is blocked (%v)", e.Call, e.Errno)
}

func (e *BlockedError) remedy() string {
	switch {
	case e.Call == setupCall && e.Errno == unix.ENOSYS:
		return ": use Linux 5.19 or newer built with CONFIG_IO_URING, outside sandboxes and seccomp profiles that hide it"
	case e.Call == setupCall && e.Errno == unix.EOPNOTSUPP:
		return ": use a host whose provider allows io_uring"
	case e.Disabled == 2:
		return ": allow it with `sysctl kernel.io_uring_disabled=0`"
	case e.Disabled == 1:
		return ": allow it with `sysctl kernel.io_uring_disabled=0`, " +
			"or run as a member of the group that kernel.io_uring_group names"
	}
	return ", most likely by the seccomp profile of a container: " +
		"use a profile that allows io_uring_setup, io_uring_enter and io_uring_register " +
		"(`docker run --security-opt seccomp=PROFILE`)"
}

// Unwrap returns the errno, so that errors.Is(err, unix.EPERM) holds.
func (e *BlockedError) Unwrap() error { return e.Errno }

// UnsupportedError reports that the kernel lacks a feature.
type UnsupportedError struct {
	Feature string     // the kernel's name of the missing feature
	Linux   string     // a version of Linux that has the feature
	Errno   unix.Errno // the errno that the kernel returned
}

// Error returns one sentence that names the feature and a version that has it.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("uring: %s: use Linux %s or newer", e.Cause(), e.Linux)
}

// Cause returns the first part of Error: what is missing, without the remedy.
func (e *UnsupportedError) Cause() string {
	return fmt.Sprintf("this kernel has no %s (%v)", e.Feature, e.Errno)
}

// Unwrap returns the errno.
func (e *UnsupportedError) Unwrap() error { return e.Errno }

// Unavailable reports whether err means that io_uring does not work here and that a
// retry will not help: err is a [*BlockedError] or an [*UnsupportedError]. A program
// that can do without io_uring should then do so. Unavailable is false when a
// resource ran out (memory, descriptors). That would make the program fail in some
// other place, so the program should report it to its operator.
func Unavailable(err error) bool {
	_, blocked := errors.AsType[*BlockedError](err)
	_, unsupported := errors.AsType[*UnsupportedError](err)
	return blocked || unsupported
}

// refused reports whether errno means that the system call is forbidden or absent,
// rather than that it ran and failed.
func refused(errno unix.Errno) bool {
	switch errno {
	case unix.EPERM, unix.EACCES, unix.ENOSYS, unix.EOPNOTSUPP:
		return true
	}
	return false
}

// registerError describes an io_uring_register call that failed; what names its task.
func registerError(what string, errno unix.Errno) error {
	if refused(errno) {
		return &BlockedError{Call: registerCall, Errno: errno, Disabled: -1}
	}
	return fmt.Errorf("uring: %s: %w", what, errno)
}

// ErrOtherThread says that a thread used a [Ring] that another thread has made.
var ErrOtherThread = errors.New("the ring belongs to another thread")

// enterError describes an io_uring_enter call that failed. A thread that does not
// own the ring gets EEXIST from the ring itself. It gets EINVAL or EBADF if the
// ring's descriptor is registered, because each thread has registered descriptors
// of its own.
func (r *Ring) enterError(errno unix.Errno) error {
	switch {
	case r.fd < 0:
		return fmt.Errorf("uring: the ring is closed: %w", errno)
	case refused(errno):
		return &BlockedError{Call: enterCall, Errno: errno, Disabled: -1}
	case errno == unix.EEXIST, r.enterFlags != 0 && (errno == unix.EINVAL || errno == unix.EBADF):
		return fmt.Errorf("uring: %w: %w", ErrOtherThread, errno)
	}
	return fmt.Errorf("uring: %s: %w", enterCall, errno)
}
