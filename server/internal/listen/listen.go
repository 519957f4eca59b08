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

	"github.com/disrust/disrust/server/internal/netio"
	"golang.org/x/sys/unix"
)

const resolveTimeout = 5 * time.Second

// Resolve turns a host name or address and a port into one address, IPv4 first.
func Resolve(host string, port int) (netip.AddrPort, error) {
	if addr, err := netip.ParseAddr(host); err == nil { // a look-up takes :: for 0.0.0.0 too
		return netip.AddrPortFrom(addr.Unmap(), uint16(port)), nil
	}
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

// handBack is how long a port may seem taken that is not. The kernel lets go of
// the listeners of a server that was killed a moment after its end, with its
// io_urings; and a listen(2) that is about to fail makes those of others fail
// (inet_csk_listen_start, Linux 6.18: the state is set before the port is checked).
const handBack = 500 * time.Millisecond

// Bind returns count descriptors for the port at addr, and the address with the
// port it got if addr asks for any. The port is taken by the first alone; the
// others join it in Listen.
//
// Shared, the port may be another server's too. Else nobody may have it: sockets
// that share a port (SO_REUSEPORT) would share it with those of another process
// silently, so the first does not until it listens. Of two servers that start at
// once, one fails here or in Listen.
func Bind(addr netip.AddrPort, count int, shared bool) (fds []int, bound netip.AddrPort, err error) {
	defer func() {
		if err != nil {
			Close(fds)
			fds = nil
		}
	}()
	for range count {
		fd, err := socket(addr.Addr())
		if err != nil {
			return fds, addr, err
		}
		fds = append(fds, fd)
	}
	if shared {
		if err := share(fds[0]); err != nil {
			return fds, addr, err
		}
	}
	if err := bind(fds[0], addr); err != nil {
		return fds, addr, refuse("bind to", addr, err, shared)
	}
	bound, err = name(fds[0])
	return fds, bound, err
}

// Listen has descriptors from Bind take connections. When the first listens, the
// port is this server's, and the others, and servers that are told to, may share
// it.
func Listen(fds []int, addr netip.AddrPort, shared bool) error {
	for i, fd := range fds {
		if i > 0 {
			if err := share(fd); err != nil {
				return err
			}
			if err := bind(fd, addr); err != nil {
				return refuse("bind to", addr, err, shared)
			}
		}
		if err := patiently(func() error { return unix.Listen(fd, netio.Backlog) }); err != nil {
			return refuse("listen on", addr, err, shared)
		}
		if i == 0 {
			if err := share(fd); err != nil {
				return err
			}
		}
	}
	return nil
}

func bind(fd int, addr netip.AddrPort) error {
	return patiently(func() error { return unix.Bind(fd, sockaddr(addr)) })
}

// patiently tries again while the port seems taken, for so long.
func patiently(try func() error) error {
	for deadline := time.Now().Add(handBack); ; time.Sleep(5 * time.Millisecond) {
		err := try()
		if err != unix.EADDRINUSE || time.Now().After(deadline) {
			return err
		}
	}
}

func share(fd int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
}

// Close closes listeners that no thread has taken over.
func Close(fds []int) {
	for _, fd := range fds {
		unix.Close(fd)
	}
}

// socket returns a socket. It blocks, as io_uring wants it: on one that
// does not, an accept fails where it should wait. Connections inherit the options:
// a peer that has vanished is found by keepalive within two minutes if it is idle,
// and after two if it owes an acknowledgement or room for its answers.
func socket(addr netip.Addr) (int, error) {
	family := unix.AF_INET
	if addr.Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	for _, o := range []struct{ level, name, value int }{
		{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1},
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
	return fd, nil
}

// refusal says in one sentence why an address cannot be served, and wraps err.
type refusal struct {
	sentence string
	err      error
}

func (r *refusal) Error() string { return r.sentence }
func (r *refusal) Unwrap() error { return r.err }

func refuse(what string, addr netip.AddrPort, err error, shared bool) error {
	sentence := fmt.Sprintf("cannot %s %s: %v", what, addr, err)
	switch {
	case err == unix.EADDRINUSE && addr.Port() == 0:
		sentence = fmt.Sprintf("no port on %s is free", addr.Addr())
	case err == unix.EADDRINUSE && shared:
		sentence = fmt.Sprintf("port %d on %s is in use by a process that does not share it, or is another user's", addr.Port(), addr.Addr())
	case err == unix.EADDRINUSE:
		sentence = fmt.Sprintf("port %d on %s is in use by another process; choose another, or 0 for any free one (--share-port joins a disrust that serves it)", addr.Port(), addr.Addr())
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
