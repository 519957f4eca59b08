package eventfd

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// countBytes is the size of the counter in every read and write.
const countBytes = 8

// EventFD is a counter in the kernel. New makes one.
type EventFD struct {
	fd int // -1 after Close; the kernel then answers EBADF
}

// New creates an EventFD whose count is 0. The descriptor is closed on exec. It
// blocks, so that an io_uring read waits for the count; a read of a non-blocking
// descriptor would complete at once with EAGAIN. Source: eventfd(2), Linux 2.6.27.
func New() (*EventFD, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("eventfd: create: %w", err)
	}
	return &EventFD{fd: fd}, nil
}

// FD returns the descriptor, which e still owns, or -1 after Close. An io_uring
// read of 8 bytes from it completes when the count is above zero. Like Read, it
// sets the count to zero.
func (e *EventFD) FD() int { return e.fd }

// Signal adds 1 to the count and wakes a thread that waits for it. After Close it
// fails with unix.EBADF.
//
// Cost: one system call, and the wake-up. Signal does not tell Go's scheduler of
// the call, because it does not block: only a count of 2^64-2 would make it block.
func (e *EventFD) Signal() error {
	one := uint64(1)
	for {
		_, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(e.fd), uintptr(unsafe.Pointer(&one)), countBytes)
		switch errno {
		case 0:
			return nil
		case unix.EINTR:
		default:
			return fmt.Errorf("eventfd: signal: %w", errno)
		}
	}
}

// Read blocks until the count is above zero, then returns it and sets it to
// zero. After Close it fails with unix.EBADF.
//
// Cost: one system call. While it blocks, Go's scheduler runs other goroutines on
// another thread.
func (e *EventFD) Read() (count uint64, err error) {
	for {
		_, _, errno := unix.Syscall(unix.SYS_READ, uintptr(e.fd), uintptr(unsafe.Pointer(&count)), countBytes)
		switch errno {
		case 0:
			return count, nil
		case unix.EINTR:
		default:
			return 0, fmt.Errorf("eventfd: read: %w", errno)
		}
	}
}

// Close closes the descriptor. A second Close does nothing. The caller makes sure
// that no goroutine is in Read or Signal: Close does not wake a Read, and a Signal
// could write to the next file that gets the same descriptor number.
func (e *EventFD) Close() error {
	if e.fd < 0 {
		return nil
	}
	fd := e.fd
	e.fd = -1
	if err := unix.Close(fd); err != nil {
		return fmt.Errorf("eventfd: close: %w", err)
	}
	return nil
}
