//go:build linux

package listen

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// firstPassed is the first descriptor that a service manager passes (sd_listen_fds(3)).
const firstPassed = 3

// Passed returns the sockets that a service manager has passed to this process:
// LISTEN_FDS of them, if LISTEN_PID is this process. Children of this process inherit
// neither the sockets nor the variables.
func Passed() (files []*os.File, err error) {
	pid, count := os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS")
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(name)
	}
	if pid != strconv.Itoa(os.Getpid()) {
		return nil, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 {
		return nil, fmt.Errorf("LISTEN_FDS is %q: the number of sockets that are passed is expected", count)
	}
	for fd := firstPassed; fd < firstPassed+n; fd++ {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, unix.FD_CLOEXEC); err != nil {
			return nil, fmt.Errorf("LISTEN_FDS is %d: descriptor %d is not open", n, fd)
		}
		files = append(files, os.NewFile(uintptr(fd), "descriptor "+strconv.Itoa(fd)))
	}
	return files, nil
}

// passed is a socket that listens already, with a duplicate of its descriptor for each
// thread. Its address, and its file if it is a Unix socket, belong to the process that made
// it.
type passed struct {
	at  net.Addr
	fds []int
}

func (p *passed) addr() net.Addr   { return p.at }
func (p *passed) listeners() []int { return p.fds }
func (p *passed) shared() bool     { return true }
func (p *passed) listen() error    { return nil }
func (p *passed) remove() error    { return nil }

func (s *Set) adopt(files []*os.File, threads int) error {
	for _, f := range files {
		if err := s.adoptOne(f, threads); err != nil {
			return err
		}
	}
	return nil
}

func (s *Set) adoptOne(f *os.File, threads int) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	p := &passed{}
	failed := raw.Control(func(own uintptr) {
		var fd int
		if fd, err = unix.FcntlInt(own, unix.F_DUPFD_CLOEXEC, 0); err == nil {
			p.fds, err = duplicates(fd, threads)
		}
	})
	if err := errors.Join(failed, err); err != nil {
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	s.endpoints = append(s.endpoints, p)
	if p.at, err = inspect(p.fds[0]); err != nil {
		return fmt.Errorf("%s was passed to be served, but %w", f.Name(), err)
	}
	if err := unix.SetNonblock(p.fds[0], false); err != nil || p.at.Network() != "tcp" {
		return os.NewSyscallError("fcntl", err)
	}
	for _, o := range inherited {
		// Go programs listen with Multipath TCP, which lacks some of these options (Linux 6.18).
		if err := set(p.fds[0], []option{o}); err != nil && !errors.Is(err, unix.ENOPROTOOPT) && !errors.Is(err, unix.EOPNOTSUPP) {
			return err
		}
	}
	return nil
}

// inspect returns the address of a socket, or an error that says why it cannot be served.
func inspect(fd int) (net.Addr, error) {
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	switch {
	case err == unix.ENOTSOCK:
		return nil, errors.New("it is not a socket")
	case err != nil:
		return nil, os.NewSyscallError("getsockopt", err)
	case kind != unix.SOCK_STREAM:
		return nil, errors.New("it is not a stream socket (in a systemd unit, ListenStream= makes one)")
	}
	if listens, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err != nil || listens == 0 {
		return nil, errors.New("it does not listen (a systemd unit needs Accept=no, which is the default)")
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return nil, os.NewSyscallError("getsockname", err)
	}
	if local, ok := sa.(*unix.SockaddrUnix); ok {
		return &net.UnixAddr{Name: local.Name, Net: "unix"}, nil
	}
	at, err := name(fd)
	if err != nil || !isTCP(fd) {
		return nil, errors.New("it is neither a TCP nor a Unix socket")
	}
	return net.TCPAddrFromAddrPort(at), nil
}

func isTCP(fd int) bool {
	protocol, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PROTOCOL)
	return err == nil && (protocol == unix.IPPROTO_TCP || protocol == unix.IPPROTO_MPTCP)
}
