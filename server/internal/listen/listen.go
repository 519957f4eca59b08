//go:build linux

// Package listen opens the listeners of a server: one for each I/O thread on each address.
//
// On a TCP address every thread has its own socket, and the kernel spreads new connections
// over these sockets (SO_REUSEPORT). A Unix socket has a single queue, and so has a socket
// that a service manager passed: every thread has a duplicate of its descriptor.
package listen

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"

	"github.com/disrust/disrust/server/internal/loop"
	"golang.org/x/sys/unix"
)

// Config says where a Set listens.
type Config struct {
	Addrs  []string   // as CheckAll takes them
	Passed []*os.File // listening sockets, instead of Addrs; Open duplicates them

	Threads  int
	Share    bool        // an address may belong to another server too: this one joins it or takes over from it
	UnixMode fs.FileMode // mode of the socket files
}

// Set is the listeners of one server. Open takes the addresses; after Listen, clients can
// connect. The caller of Open must call Close or, once the threads own their listeners,
// Remove.
type Set struct{ endpoints []endpoint }

// endpoint is one address and its listeners.
type endpoint interface {
	addr() net.Addr
	listeners() []int // descriptors, one for each thread
	shared() bool     // the listeners are duplicates of one descriptor
	listen() error    // after it, clients can connect
	remove() error    // removes the socket's file, if any, once the listeners are closed
}

// Open takes all addresses or none. It refuses an address that another process serves,
// unless cfg allows sharing. No client can connect before Listen. Errors are sentences for
// the person who chose the addresses.
func Open(cfg Config) (_ *Set, err error) {
	s := &Set{}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if len(cfg.Passed) > 0 {
		return s, s.adopt(cfg.Passed, cfg.Threads)
	}
	addrs, err := resolveAll(cfg.Addrs)
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		var e endpoint
		if a.path != "" {
			e, err = newSocketFile(a.path, cfg)
		} else {
			e, err = bindPort(a.tcp, cfg.Threads, cfg.Share)
		}
		if err != nil {
			return nil, err
		}
		s.endpoints = append(s.endpoints, e)
	}
	return s, nil
}

// Addrs returns the addresses in the order of the Config. In place of port 0 they have the
// port that the kernel chose.
func (s *Set) Addrs() []net.Addr {
	addrs := make([]net.Addr, len(s.endpoints))
	for i, e := range s.endpoints {
		addrs[i] = e.addr()
	}
	return addrs
}

// Name returns an address as a command line names it.
func Name(a net.Addr) string {
	if a.Network() == "unix" {
		return unixPrefix + a.String()
	}
	return a.String()
}

// String lists the addresses for people, each as a command line names it.
func (s *Set) String() string {
	var names []string
	for _, a := range s.Addrs() {
		names = append(names, Name(a))
	}
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// Thread returns the listeners of the i-th thread. Once that thread runs, it owns and
// closes them.
func (s *Set) Thread(i int) []loop.Listener {
	var all []loop.Listener
	for _, e := range s.endpoints {
		all = append(all, loop.Listener{FD: int32(e.listeners()[i]), TCP: e.addr().Network() == "tcp", Shared: len(e.listeners()) > 1 && e.shared()})
	}
	return all
}

// Listen makes all addresses take connections.
func (s *Set) Listen() error {
	for _, e := range s.endpoints {
		if err := e.listen(); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the listeners and removes the socket files that Listen made. No thread may
// own a listener yet.
func (s *Set) Close() {
	for _, e := range s.endpoints {
		closeAll(e.listeners())
	}
	s.Remove() // its error matters less than the one that made the caller close s
	s.endpoints = nil
}

// Remove removes the socket files that still belong to this server. Later calls do nothing.
func (s *Set) Remove() error {
	var errs []error
	for _, e := range s.endpoints {
		errs = append(errs, e.remove())
	}
	return errors.Join(errs...)
}

func closeAll(fds []int) {
	for _, fd := range fds {
		unix.Close(fd)
	}
}

// duplicates returns count descriptors: fd and duplicates of it. When it fails, it closes
// them all.
func duplicates(fd, count int) (fds []int, err error) {
	fds = []int{fd}
	for range count - 1 {
		dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			closeAll(fds)
			return nil, os.NewSyscallError("fcntl", err)
		}
		fds = append(fds, dup)
	}
	return fds, nil
}

// ErrServed says that another process serves an address. That process may be willing to
// share the address or to give it up.
var ErrServed = errors.New("another process serves the address")

// refusal says in one sentence why an address cannot be served, and wraps err.
type refusal struct {
	sentence string
	err      error
}

func (r *refusal) Error() string { return r.sentence }
func (r *refusal) Unwrap() error { return r.err }
