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

// pathBytes is the size limit of a Unix socket's path: sun_path in unix(7), less its
// terminating zero.
const pathBytes = 107

const resolveTimeout = 5 * time.Second

// address is a TCP address or the path of a Unix socket.
type address struct {
	tcp  netip.AddrPort
	path string // empty for a TCP address
}

// CheckAll checks each address, and that no two of them clash. It asks the system for
// nothing, so it resolves no host name. Its error is a sentence for the person who chose
// the addresses.
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

// SharedPathBytes is the size limit of a Unix socket's path when the socket may take over
// the path from another server: at first the new socket's path has a suffix.
const SharedPathBytes = pathBytes - suffixBytes

// PathBytes returns the size of the path in addr, which is 0 unless addr is a Unix socket's.
func PathBytes(addr string) int {
	if path, ok := strings.CutPrefix(addr, unixPrefix); ok {
		return len(path)
	}
	return 0
}

// Check checks one address, which is host:port or unix:PATH. Its error is a sentence for
// the person who chose the address.
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

// split parses host:port.
func split(addr string) (host string, port int, err error) {
	const expected = "host:port or unix:PATH is allowed, such as 127.0.0.1:9900, [::]:9900 or unix:/run/disrust/disrust.sock"
	host, digits, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, errors.New(expected)
	}
	if host == "" {
		return "", 0, errors.New("the host is missing: 127.0.0.1 is this machine alone, 0.0.0.0 all of its IPv4 addresses, [::] those of IPv6 too")
	}
	if port, err = strconv.Atoi(digits); err != nil || port < 0 || port > math.MaxUint16 {
		return "", 0, fmt.Errorf("port %q: a whole number from 0 to %d is allowed", digits, math.MaxUint16)
	}
	return host, port, nil
}

// resolveAll resolves addresses that CheckAll accepts. It refuses two addresses when one
// would take the other's connections.
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

// clash returns an error that names two addresses when one of them covers the other.
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

// covers reports whether a takes b's connections. The unspecified address of a family takes
// the connections to every address of that family, and :: also those to IPv4 addresses.
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

// Resolve turns a host name or address and a port into one address. It prefers IPv4.
func Resolve(host string, port int) (netip.AddrPort, error) {
	if addr, err := netip.ParseAddr(host); err == nil { // LookupNetIP would turn :: into 0.0.0.0
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
