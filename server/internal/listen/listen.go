//go:build linux

// Package listen opens the listeners of a server: one socket a thread, all on
// one address, among which the kernel spreads new connections.
package listen

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// backlog is how many connections may wait to be accepted; the kernel lowers it
// to net.core.somaxconn.
const backlog = 4096

const resolveTimeout = 5 * time.Second

// Resolve turns a host name or address and a port into one address, IPv4 first.
func Resolve(host string, port int) (netip.AddrPort, error) {
	ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("host %q does not resolve to an address", host)
	}
	best := found[0].Unmap()
	for _, a := range found {
		if a = a.Unmap(); a.Is4() {
			best = a
			break
		}
	}
	return netip.AddrPortFrom(best, uint16(port)), nil
}

// Bind returns count descriptors bound to addr and the address they have, which
// names a port even if addr asks for any. Listen makes them listen.
//
// Sockets that share a port would share it with those of another process too,
// silently. So a port is first bound alone, which fails if anyone has it.
func Bind(addr netip.AddrPort, count int) (fds []int, bound netip.AddrPort, err error) {
	defer func() {
		if err != nil {
			Close(fds)
			fds = nil
		}
	}()
	bound = addr
	if count > 1 {
		if bound, err = probe(addr); err != nil {
			return nil, addr, err
		}
	}
	for range count {
		var fd int
		if fd, err = socket(bound, count > 1); err != nil {
			return fds, bound, err
		}
		fds = append(fds, fd)
	}
	bound, err = name(fds[0])
	return fds, bound, err
}

// Listen has descriptors from Bind take connections.
func Listen(fds []int, addr netip.AddrPort) error {
	for _, fd := range fds {
		if err := unix.Listen(fd, backlog); err != nil {
			return refuse("listen on", addr, err)
		}
	}
	return nil
}

// Close closes listeners that no thread has taken over.
func Close(fds []int) {
	for _, fd := range fds {
		unix.Close(fd)
	}
}

// probe finds out whether addr is free and which port it is.
func probe(addr netip.AddrPort) (netip.AddrPort, error) {
	fd, err := socket(addr, false)
	if err != nil {
		return addr, err
	}
	defer unix.Close(fd)
	return name(fd)
}

// socket returns a bound socket. It blocks, as io_uring wants it: on one that
// does not, an accept fails where it should wait. Connections inherit the options:
// a peer that has vanished is found by keepalive within two minutes if it is idle,
// and after two if it owes an acknowledgement or room for its answers.
func socket(addr netip.AddrPort, shared bool) (int, error) {
	family := unix.AF_INET
	if addr.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	for _, o := range []struct{ level, name, value int }{
		{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1},
		{unix.SOL_SOCKET, unix.SO_REUSEPORT, boolInt(shared)},
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 60},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 4},
		{unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 120_000}, // ms
	} {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			unix.Close(fd)
			return -1, os.NewSyscallError("setsockopt", err)
		}
	}
	if err := unix.Bind(fd, sockaddr(addr)); err != nil {
		unix.Close(fd)
		return -1, refuse("bind to", addr, err)
	}
	return fd, nil
}

// refusal says in one sentence why an address cannot be served, and wraps err.
type refusal struct {
	sentence string
	err      error
}

func (r *refusal) Error() string { return r.sentence }
func (r *refusal) Unwrap() error { return r.err }

func refuse(what string, addr netip.AddrPort, err error) error {
	sentence := fmt.Sprintf("cannot %s %s: %v", what, addr, err)
	switch {
	case err == unix.EADDRINUSE:
		sentence = fmt.Sprintf("port %d on %s is in use by another process; choose another, or 0 for any free one", addr.Port(), addr.Addr())
	case err == unix.EADDRNOTAVAIL:
		sentence = fmt.Sprintf("%s is not an address of this machine", addr.Addr())
	case err == unix.EACCES:
		sentence = fmt.Sprintf("port %d needs privileges (CAP_NET_BIND_SERVICE); one from 1024 up does not", addr.Port())
	case err == unix.EINVAL && addr.Addr().IsLinkLocalUnicast():
		sentence = fmt.Sprintf("%s is a link-local address and needs an interface, as in %s%%eth0", addr.Addr(), addr.Addr().WithZone(""))
	}
	return &refusal{sentence, err}
}

func sockaddr(addr netip.AddrPort) unix.Sockaddr {
	if addr.Addr().Is6() {
		return &unix.SockaddrInet6{Port: int(addr.Port()), Addr: addr.Addr().As16(), ZoneId: zone(addr.Addr().Zone())}
	}
	return &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}
}

// zone is the number of the interface a link-local address belongs to.
func zone(z string) uint32 {
	if n, err := strconv.ParseUint(z, 10, 32); err == nil {
		return uint32(n)
	}
	if i, err := net.InterfaceByName(z); err == nil {
		return uint32(i.Index)
	}
	return 0
}

func name(fd int) (netip.AddrPort, error) {
	sa, err := unix.Getsockname(fd)
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)), nil
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port)), nil
	}
	return netip.AddrPort{}, os.NewSyscallError("getsockname", err)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
