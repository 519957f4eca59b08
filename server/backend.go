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
	// IOAuto uses io_uring, and epoll where io_uring is forbidden, absent or too old. It does
	// not fall back to epoll when memory or descriptors run out: Start fails then.
	IOAuto IO = iota
	IOUring
	IOEpoll
)

func (io IO) String() string { return [...]string{"auto", "io_uring", "epoll"}[io] }

// chosenIO is the backend that a server uses.
type chosenIO struct {
	IO
	cause string // why it is epoll although io_uring was wanted; empty otherwise
}

// chooseIO tries io_uring out, unless c wants epoll. Its error is a sentence for the person
// who chose c.
func (c *Config) chooseIO() (chosenIO, error) {
	if c.IO == IOEpoll {
		return chosenIO{IO: IOEpoll}, nil
	}
	err := uring.Check(uringio.Operations[:]...)
	switch {
	case err == nil:
		return chosenIO{IO: IOUring}, nil
	case c.IO == IOAuto && uring.Unavailable(err):
		c.Log.Warn("io_uring is not available: serving on epoll", "reason", sentence(err))
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

// cause returns what is missing for io_uring, as err has it.
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

// sentence returns an error of package uring without the package's name.
func sentence(err error) string { return strings.TrimPrefix(err.Error(), "uring: ") }

// newBackend makes the backend of the calling thread.
func (io IO) newBackend(conns int) (netio.Backend, error) {
	if io == IOEpoll {
		return epollio.New(epollio.Config{Conns: conns})
	}
	return uringio.New(conns)
}

// footprint returns the bytes that a thread's backend takes beside its receive buffers. For
// IOAuto it returns those of the backend that takes more.
func (io IO) footprint(conns int) uint64 {
	switch io {
	case IOUring:
		return uringio.Footprint(conns)
	case IOEpoll:
		return epollio.Footprint(conns)
	}
	return max(uringio.Footprint(conns), epollio.Footprint(conns))
}
