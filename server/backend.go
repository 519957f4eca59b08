//go:build linux

package server

import (
	"errors"
	"fmt"
	"strings"

	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/server/internal/netio/epollio"
	"github.com/disrust/disrust/server/internal/netio/uringio"
	"github.com/disrust/disrust/uring"
)

// IO says how the I/O threads reach the kernel.
type IO int

const (
	// IOAuto is io_uring, or epoll where io_uring is not to be had: forbidden, absent,
	// or too old. It does not fall back because memory or descriptors ran out.
	IOAuto IO = iota
	IOUring
	IOEpoll
)

func (io IO) String() string { return [...]string{"auto", "io_uring", "epoll"}[io] }

// chosenIO is what IOAuto or the Config has come to.
type chosenIO struct {
	IO
	cause string // why it is not io_uring; empty: it is, or was not wanted
}

// chooseIO tries out io_uring, unless epoll is wanted. Its error is a sentence for the
// person who chose c.
func (c *Config) chooseIO() (chosenIO, error) {
	if c.IO == IOEpoll {
		return chosenIO{IO: IOEpoll}, nil
	}
	err := uring.Check(uringio.Operations[:]...)
	switch {
	case err == nil:
		return chosenIO{IO: IOUring}, nil
	case c.IO == IOAuto && uring.Unavailable(err):
		c.Log.Warn("serving on epoll, since io_uring is not to be had", "reason", sentence(err))
		return chosenIO{IOEpoll, cause(err)}, nil
	}
	return chosenIO{}, errors.New(sentence(err))
}

func (io chosenIO) String() string {
	if io.cause == "" {
		return io.IO.String()
	}
	return fmt.Sprintf("epoll since %s", io.cause)
}

// cause is what an error that makes io_uring unavailable says is missing.
func cause(err error) string {
	var named interface {
		error
		Cause() string
	}
	if errors.As(err, &named) {
		return named.Cause()
	}
	return sentence(err)
}

// sentence is an error of package uring for people who do not know the package.
func sentence(err error) string { return strings.TrimPrefix(err.Error(), "uring: ") }

// newBackend makes the backend of the calling thread.
func (io IO) newBackend(conns int) (netio.Backend, error) {
	if io == IOEpoll {
		return epollio.New(epollio.Config{Conns: conns})
	}
	return uringio.New(conns)
}

// footprint is what a thread's backend takes beside its receive buffers: of IOAuto the
// larger one.
func (io IO) footprint(conns int) uint64 {
	switch io {
	case IOUring:
		return uringio.Footprint(conns)
	case IOEpoll:
		return epollio.Footprint(conns)
	}
	return max(uringio.Footprint(conns), epollio.Footprint(conns))
}
