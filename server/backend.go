//go:build linux

package server

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/server/internal/netio/epollio"
	"github.com/disrust/disrust/server/internal/netio/uringio"
	"github.com/disrust/disrust/server/internal/patience"
	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
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

// backend is one way to reach the kernel. To add one, add a constant and a row.
type backend struct {
	name      string
	new       func(netio.Config) (netio.Backend, error) // for the calling thread
	footprint func(conns int) uint64                    // bytes per thread, without its receive buffers
}

var backends = [...]backend{
	IOUring: {"io_uring", func(cfg netio.Config) (netio.Backend, error) { return uringio.New(cfg) }, uringio.Footprint},
	IOEpoll: {"epoll", func(cfg netio.Config) (netio.Backend, error) { return epollio.New(cfg) }, epollio.Footprint},
}

func (io IO) String() string {
	if io == IOAuto {
		return "auto"
	}
	return backends[io].name
}

// chosenIO is the backend that a server uses.
type chosenIO struct {
	IO
	cause string // why IOAuto fell back to epoll; empty otherwise
}

// newBackend makes the backend of the calling thread. Locked memory that a server has just
// given up may be missing for a moment.
func (io IO) newBackend(ctx context.Context, cfg netio.Config) (b netio.Backend, err error) {
	err = patience.Retry(ctx, unix.ENOMEM, func() (err error) {
		b, err = backends[io].new(cfg)
		return err
	})
	return b, err
}

// chooseIO checks that io_uring works here, unless c asks for epoll. Its error is a sentence
// for the person who chose c.
func (c *Config) chooseIO(ctx context.Context) (chosenIO, error) {
	if c.IO == IOEpoll {
		return chosenIO{IO: IOEpoll}, nil
	}
	err := patience.Retry(ctx, unix.ENOMEM, uringio.Check)
	switch {
	case err == nil:
		return chosenIO{IO: IOUring}, nil
	case c.IO == IOAuto && uring.Unavailable(err):
		c.Log.Warn("io_uring is not available: serving on epoll", "reason", withoutPackage(err))
		return chosenIO{IOEpoll, cause(err)}, nil
	}
	if ctx.Err() != nil {
		return chosenIO{}, context.Cause(ctx)
	}
	return chosenIO{}, errors.New(withoutPackage(err))
}

func (io chosenIO) String() string {
	if io.cause == "" {
		return io.IO.String()
	}
	return fmt.Sprintf("%s since %s", io.IO, io.cause)
}

// cause returns what keeps io_uring from working, according to err.
func cause(err error) string {
	var named interface {
		error
		Cause() string
	}
	if errors.As(err, &named) {
		return named.Cause()
	}
	return withoutPackage(err)
}

// withoutPackage returns the text of an error of package uring, without the package's name.
func withoutPackage(err error) string { return strings.TrimPrefix(err.Error(), "uring: ") }

// footprint returns the bytes that a thread's backend takes, without its receive buffers.
// For IOAuto it returns the largest footprint of all backends.
func (io IO) footprint(conns int) (bytes uint64) {
	if io != IOAuto {
		return backends[io].footprint(conns)
	}
	for _, b := range backends[IOAuto+1:] {
		bytes = max(bytes, b.footprint(conns))
	}
	return bytes
}
