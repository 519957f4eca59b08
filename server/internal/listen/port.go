//go:build linux

package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"

	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/server/internal/patience"
	"golang.org/x/sys/unix"
)

// port is a TCP address and a socket for each thread.
type port struct {
	at    netip.AddrPort
	fds   []int
	joins bool // another server may serve the port too
}

func (p *port) addr() net.Addr   { return net.TCPAddrFromAddrPort(p.at) }
func (p *port) listeners() []int { return p.fds }
func (p *port) shared() bool     { return false }
func (p *port) remove() error    { return nil }

// bindPort makes a socket for each thread and binds the first one; listen binds the others.
// If addr has port 0, the kernel chooses the port.
//
// With joins, another server may serve the port too. Without it, no other process may.
// Sockets that share a port (SO_REUSEPORT) would silently share it with those of another
// process, so the first socket does not share until it listens. When two servers start at
// once, one of them fails here or in listen.
func bindPort(addr netip.AddrPort, threads int, joins bool) (_ *port, err error) {
	p := &port{at: addr, joins: joins}
	defer func() {
		if err != nil {
			closeAll(p.fds)
		}
	}()
	for range threads {
		fd, err := socket(addr.Addr())
		if err != nil {
			return nil, err
		}
		p.fds = append(p.fds, fd)
	}
	if joins {
		if err := share(p.fds[0]); err != nil {
			return nil, err
		}
	}
	if err := p.bind(p.fds[0]); err != nil {
		return nil, err
	}
	p.at, err = name(p.fds[0])
	return p, err
}

// listen makes the sockets take connections. Once the first socket listens, the port belongs
// to this server. From then on its other sockets may share the port, and so may servers
// that are told to join.
func (p *port) listen() error {
	for i, fd := range p.fds {
		if i > 0 {
			if err := share(fd); err != nil {
				return err
			}
			if err := p.bind(fd); err != nil {
				return err
			}
		}
		if err := retryInUse(func() error { return unix.Listen(fd, netio.Backlog) }); err != nil {
			return p.refuse("listen on", err)
		}
		if i == 0 {
			if err := share(fd); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *port) bind(fd int) error {
	to, err := sockaddr(p.at)
	if err != nil {
		return err
	}
	if err := retryInUse(func() error { return unix.Bind(fd, to) }); err != nil {
		return p.refuse("bind to", err)
	}
	return nil
}

// retryInUse retries for a moment while the address seems to be in use. A free address may
// seem so for one of two reasons. The kernel closes the listeners of a killed server a moment
// after the process ends, with its io_urings. And a listen(2) that is about to fail makes the
// listen(2) of other sockets fail (inet_csk_listen_start, Linux 6.18, sets the state before it
// checks the port).
func retryInUse(try func() error) error {
	return patience.Retry(context.Background(), unix.EADDRINUSE, try)
}

func share(fd int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
}

// option is one socket option and its value, for setsockopt(2).
type option struct{ level, name, value int }

// inherited are the options that connections inherit from a listener. They find a peer that
// has vanished. Keepalive finds an idle peer within two minutes. TCP_USER_TIMEOUT finds,
// after two minutes, a peer that owes an acknowledgement or room for its answers.
var inherited = []option{
	{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
	{unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
	{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 60},
	{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15},
	{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 4},
	{unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 120_000}, // ms
}

// socket returns a blocking socket, as io_uring needs: on a non-blocking socket, an accept
// that should wait fails instead.
func socket(addr netip.Addr) (int, error) {
	family, options := unix.AF_INET, append([]option{{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1}}, inherited...)
	if addr.Is6() {
		family = unix.AF_INET6
		options = append(options, option{unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0}) // whatever net.ipv6.bindv6only says
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	if err := set(fd, options); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func set(fd int, options []option) error {
	for _, o := range options {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	return nil
}

func (p *port) refuse(what string, err error) error {
	host, number := p.at.Addr(), p.at.Port()
	sentence := fmt.Sprintf("cannot %s %s: %v", what, p.at, err)
	switch {
	case err == unix.EADDRINUSE && number == 0:
		sentence = fmt.Sprintf("no port on %s is free", host)
	case err == unix.EADDRINUSE && p.joins:
		sentence = fmt.Sprintf("port %d on %s is in use by a process that does not share it, or that belongs to another user", number, host)
	case err == unix.EADDRINUSE:
		return &refusal{fmt.Sprintf("port %d on %s is in use by another process; choose another, or 0 for any free one", number, host), errors.Join(ErrServed, err)}
	case err == unix.EADDRNOTAVAIL:
		sentence = fmt.Sprintf("%s is not an address of this machine", host)
	case err == unix.EACCES:
		sentence = fmt.Sprintf("port %d needs privileges (CAP_NET_BIND_SERVICE); one from 1024 up does not", number)
	case err == unix.EINVAL && host.IsLinkLocalUnicast():
		sentence = fmt.Sprintf("%s is a link-local address and needs an interface, as in %s%%eth0", host, host.WithZone(""))
	}
	return &refusal{sentence, err}
}

func sockaddr(addr netip.AddrPort) (unix.Sockaddr, error) {
	if addr.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}, nil
	}
	id, err := zoneID(addr.Addr())
	return &unix.SockaddrInet6{Port: int(addr.Port()), Addr: addr.Addr().As16(), ZoneId: id}, err
}

// zoneID returns the number of the interface that an address names, or 0 if it names none.
// The address's zone is the name of the interface or its number.
func zoneID(addr netip.Addr) (uint32, error) {
	zone := addr.Zone()
	if zone == "" {
		return 0, nil
	}
	found, err := net.InterfaceByName(zone)
	if number, e := strconv.ParseUint(zone, 10, 31); err != nil && e == nil {
		found, err = net.InterfaceByIndex(int(number))
	}
	if err != nil {
		return 0, &refusal{fmt.Sprintf("%s: this machine has no network interface %q", addr, zone), err}
	}
	return uint32(found.Index), nil
}

// name returns the address that a socket is bound to. A link-local address has the name of
// its interface as its zone.
func name(fd int) (netip.AddrPort, error) {
	sa, err := unix.Getsockname(fd)
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)), nil
	case *unix.SockaddrInet6:
		addr := netip.AddrFrom16(a.Addr)
		if a.ZoneId != 0 {
			addr = addr.WithZone(zoneName(int(a.ZoneId)))
		}
		return netip.AddrPortFrom(addr, uint16(a.Port)), nil
	}
	return netip.AddrPort{}, os.NewSyscallError("getsockname", err)
}

func zoneName(id int) string {
	if found, err := net.InterfaceByIndex(id); err == nil {
		return found.Name
	}
	return strconv.Itoa(id)
}
