//go:build !linux

package eventfd

import "errors"

var errNeedsLinux = errors.New("eventfd: needs Linux")

// EventFD is a counter in the kernel of Linux. Other systems have none.
type EventFD struct{}

// New returns an error: only Linux has eventfd(2).
func New() (*EventFD, error) { return nil, errNeedsLinux }

// FD returns -1, which is no descriptor.
func (e *EventFD) FD() int { return -1 }

// Signal returns the error of New.
func (e *EventFD) Signal() error { return errNeedsLinux }

// Read returns the error of New.
func (e *EventFD) Read() (uint64, error) { return 0, errNeedsLinux }

// Close does nothing.
func (e *EventFD) Close() error { return nil }
