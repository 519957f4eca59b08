package drive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// turns counts the connections of this process. It says with which of a name's addresses each
// begins.
var turns atomic.Uint32

// reach connects to Addr. If that is a name with several addresses, each connection begins with
// the address after that of the connection before it, so all servers of the name are loaded. An
// address that cannot be reached gives way to the next.
func (c *Config) reach(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Stall)
	defer cancel()
	if path, ok := strings.CutPrefix(c.Addr, "unix:"); ok {
		return c.dialOne(ctx, "unix", path, 1)
	}
	addrs, err := c.addresses(ctx)
	if err != nil {
		return nil, cannotReach(c.Addr, err)
	}
	var first error
	for k, addr := range addrs {
		conn, err := c.dialOne(ctx, "tcp", addr, len(addrs)-k)
		if err == nil {
			return conn, nil
		}
		first = cmp.Or(first, err)
	}
	return nil, first
}

// dialOne connects to one address. It takes at most the time that ctx leaves, divided by the
// number of addresses that are left to try.
func (c *Config) dialOne(ctx context.Context, network, addr string, left int) (net.Conn, error) {
	deadline, _ := ctx.Deadline()
	dialer := net.Dialer{Timeout: max(1, time.Until(deadline)/time.Duration(left))}
	conn, err := dialer.DialContext(ctx, network, addr)
	if err != nil {
		return nil, cannotReach(c.Addr, err)
	}
	return conn, nil
}

// addresses returns the addresses of Addr in the order in which to try them. It looks a name up
// each time, because the name may have got others. Those of the kind, IPv4 or IPv6, that the
// resolver prefers come first. Name servers rotate addresses, so they are sorted before the turn
// rotates them.
func (c *Config) addresses(ctx context.Context) ([]string, error) {
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil || host == "" {
		return []string{c.Addr}, nil // an error is that of the dialer
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return []string{c.Addr}, nil
	}
	lookUp := c.lookUp
	if lookUp == nil {
		lookUp = net.DefaultResolver.LookupNetIP
	}
	ips, err := lookUp(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	var preferred, others []string
	for _, ip := range ips {
		if addr := net.JoinHostPort(ip.Unmap().String(), port); ip.Unmap().Is4() == ips[0].Unmap().Is4() {
			preferred = append(preferred, addr)
		} else {
			others = append(others, addr)
		}
	}
	turn := turns.Add(1)
	return slices.Concat(rotated(preferred, turn), rotated(others, turn)), nil
}

func rotated(addrs []string, turn uint32) []string {
	if len(addrs) == 0 {
		return nil
	}
	slices.Sort(addrs)
	first := int(turn % uint32(len(addrs)))
	return slices.Concat(addrs[first:], addrs[:first])
}

// cannotReach returns an error that names addr once, without the addresses inside err.
func cannotReach(addr string, err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return fmt.Errorf("cannot reach %s: %w", addr, err)
}
