//go:build linux

package listen

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// unixPrefix begins an address that is the path of a Unix socket.
const unixPrefix = "unix:"

// pathBytes is how long the path of a Unix socket may be (sun_path in unix(7), less
// the zero at its end).
const pathBytes = 107

const resolveTimeout = 5 * time.Second

// address is a TCP address or the path of a Unix socket.
type address struct {
	tcp  netip.AddrPort
	path string // empty: tcp
}

// CheckAll says in a sentence what is wrong with some addresses, each alone and with
// each other, as far as that can be said without asking the system.
func CheckAll(addrs []string) error {
	var all []address
	for _, addr := range addrs {
		if err := Check(addr); err != nil {
			return fmt.Errorf("%q: %w", addr, err)
		}
		if path, ok := strings.CutPrefix(addr, unixPrefix); ok {
			all = append(all, address{path: path})
		} else if tcp, err := netip.ParseAddrPort(addr); err == nil {
			all = append(all, address{tcp: unmapped(tcp)})
		}
	}
	return clash(all)
}

// SharedPathBytes is how long the path of a Unix socket may be that takes over another
// server's: the new socket has a suffix at first.
const SharedPathBytes = pathBytes - suffixBytes

// TooLongToShare reports whether addr is a path longer than SharedPathBytes.
func TooLongToShare(addr string) bool {
	path, ok := strings.CutPrefix(addr, unixPrefix)
	return ok && len(path) > SharedPathBytes
}

// Check says in a sentence what is wrong with an address, host:port or unix:PATH.
func Check(addr string) error {
	if path, ok := strings.CutPrefix(addr, unixPrefix); ok {
		return checkPath(path)
	}
	_, _, err := split(addr)
	return err
}

func checkPath(path string) error {
	switch {
	case path == "":
		return errors.New("a path follows unix:, as in unix:/run/disrust/disrust.sock")
	case path[0] == '@':
		return errors.New("an abstract socket (@) has no permissions: give the path of a file, as in unix:/run/disrust/disrust.sock")
	case len(path) > pathBytes:
		return fmt.Errorf("the path of a socket may have %d bytes: this one has %d", pathBytes, len(path))
	case strings.ContainsFunc(path, unicode.IsControl):
		return errors.New("the path of a socket may hold no control characters")
	}
	return nil
}

// split reads host:port.
func split(addr string) (host string, port int, err error) {
	const wanted = "host:port or unix:PATH is allowed, such as 127.0.0.1:9900, [::]:9900 or unix:/run/disrust/disrust.sock"
	host, digits, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, errors.New(wanted)
	}
	if host == "" {
		return "", 0, errors.New("the host is missing: 127.0.0.1 is this machine alone, 0.0.0.0 all of its IPv4 addresses, [::] those of IPv6 too")
	}
	if port, err = strconv.Atoi(digits); err != nil || port < 0 || port > math.MaxUint16 {
		return "", 0, fmt.Errorf("port %q: a whole number from 0 to %d is allowed", digits, math.MaxUint16)
	}
	return host, port, nil
}

// resolveAll turns addresses that CheckAll has passed into what sockets take, and refuses
// those of which one takes the other's connections.
func resolveAll(addrs []string) ([]address, error) {
	all := make([]address, len(addrs))
	for i, addr := range addrs {
		path, ok := strings.CutPrefix(addr, unixPrefix)
		if ok {
			all[i] = address{path: path}
			continue
		}
		host, port, err := split(addr)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", addr, err)
		}
		if all[i].tcp, err = Resolve(host, port); err != nil {
			return nil, err
		}
	}
	return all, clash(all)
}

// clash names two addresses of which one covers the other.
func clash(all []address) error {
	for i, a := range all {
		for j, b := range all {
			switch {
			case i == j || !a.covers(b):
			case a == b:
				return fmt.Errorf("%s is listed twice", a)
			default:
				return fmt.Errorf("%s takes the connections to %s too: list only one of them", a, b)
			}
		}
	}
	return nil
}

// covers reports whether a takes b's connections: the unspecified address takes those
// to all others, :: those to IPv4 addresses too.
func (a address) covers(b address) bool {
	if a.path != "" || b.path != "" {
		return filepath.Clean(a.path) == filepath.Clean(b.path)
	}
	if a.tcp.Port() != b.tcp.Port() || a.tcp.Port() == 0 {
		return false
	}
	from, to := a.tcp.Addr(), b.tcp.Addr()
	return from == to || from.IsUnspecified() && (from.Is6() || to.Is4())
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

func (a address) String() string {
	if a.path != "" {
		return unixPrefix + a.path
	}
	return a.tcp.String()
}

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
