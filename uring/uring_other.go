//go:build !linux

package uring

import "errors"

// Config sizes a [Ring].
type Config struct {
	Entries   uint32
	CQEntries uint32
}

// Ring cannot be made on this operating system.
type Ring struct{}

// New reports that io_uring needs Linux.
func New(Config) (*Ring, error) {
	return nil, errors.New("uring: needs Linux 5.19 or newer")
}
