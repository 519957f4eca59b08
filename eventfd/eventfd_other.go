//go:build !linux

package eventfd

import "errors"

var errNeedsLinux = errors.New("eventfd: needs Linux")

// EventFD is a counter in the kernel of Linux; elsewhere there is none.
type EventFD struct{}

// New fails: eventfd(2) is Linux's.
func New() (*EventFD, error) { return nil, errNeedsLinux }

// FD is -1, no descriptor.
func (e *EventFD) FD() int { return -1 }

// Signal fails as New does.
func (e *EventFD) Signal() error { return errNeedsLinux }

// Read fails as New does.
func (e *EventFD) Read() (uint64, error) { return 0, errNeedsLinux }

// Close does nothing.
func (e *EventFD) Close() error { return nil }
