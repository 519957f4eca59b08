//go:build linux

// Package listen opens the listeners of a server: on each of its addresses one for
// each I/O thread.
//
// On a TCP address every thread has a socket of its own, and the kernel spreads new
// connections over them (SO_REUSEPORT). A Unix socket, and one that a service manager
// passed, is a single queue, of which every thread has a duplicate of the descriptor.
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
	Share    bool        // an address may be another server's too, which this one joins or succeeds
	UnixMode fs.FileMode // of socket files
}

// Set is the listeners of one server. Open takes the addresses, Listen has
// connections come; whoever has called Open calls Close or, once the threads own
// their listeners, Remove.
type Set struct{ endpoints []endpoint }

// endpoint is one address and its listeners.
type endpoint interface {
	addr() net.Addr
	listeners() []int // descriptors, one for each thread
	shared() bool     // they are duplicates of one
	listen() error    // connections come from here on
	remove() error    // what the address leaves behind, once its listeners are closed
}

// Open takes all addresses: none that another process serves, unless it may be shared.
// No connection comes before Listen. Errors are sentences for the person who chose
// the addresses.
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

// Addrs are the addresses, in the order in which they were given, with the ports that
// the kernel chose.
func (s *Set) Addrs() []net.Addr {
	addrs := make([]net.Addr, len(s.endpoints))
	for i, e := range s.endpoints {
		addrs[i] = e.addr()
	}
	return addrs
}

// String names the addresses as a command line would, for people.
func (s *Set) String() string {
	var names []string
	for _, a := range s.Addrs() {
		name := a.String()
		if a.Network() == "unix" {
			name = unixPrefix + name
		}
		names = append(names, name)
	}
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// Thread returns the listeners of the i-th thread, which closes them once it runs.
func (s *Set) Thread(i int) []loop.Listener {
	var all []loop.Listener
	for _, e := range s.endpoints {
		all = append(all, loop.Listener{FD: int32(e.listeners()[i]), TCP: e.addr().Network() == "tcp", Shared: len(e.listeners()) > 1 && e.shared()})
	}
	return all
}

// Listen has connections come.
func (s *Set) Listen() error {
	for _, e := range s.endpoints {
		if err := e.listen(); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the listeners, of which no thread may have taken any over, and removes
// what Listen has made.
func (s *Set) Close() {
	for _, e := range s.endpoints {
		closeAll(e.listeners())
	}
	s.Remove() // that something stays behind is no worse than the error that led here
	s.endpoints = nil
}

// Remove removes the socket files that are still this server's. Only the first call
// does so.
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

// duplicates returns fd and as many duplicates of it as make count. An error leaves
// none of them open.
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

// ErrServed says that another process serves an address, which may share it or give it up.
var ErrServed = errors.New("another process serves the address")

// refusal says in one sentence why an address cannot be served, and wraps err.
type refusal struct {
	sentence string
	err      error
}

func (r *refusal) Error() string { return r.sentence }
func (r *refusal) Unwrap() error { return r.err }
