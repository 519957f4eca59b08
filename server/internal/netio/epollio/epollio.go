//go:build linux

// Package epollio carries out the operations of package netio on epoll.
package epollio

import (
	"errors"

	"github.com/disrust/disrust/server/internal/netio"
)

// Config sizes a backend.
type Config struct{ Conns int }

// Footprint is the bytes that a backend for so many connections takes beside its
// receive buffers.
func Footprint(conns int) uint64 { return 0 }

// New makes a backend.
func New(Config) (netio.Backend, error) { return nil, errors.New("epoll is not there yet") }
