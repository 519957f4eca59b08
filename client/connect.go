package client

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/disrust/disrust/wire"
)

// connect makes the connection of s and its link. If a host name has several addresses, it
// tries them in the order of inTurn until one succeeds. The error names all that failed.
func (s *slot) connect() (*link, error) {
	cfg := &s.client.cfg
	ctx, cancel := context.WithTimeout(s.client.alive, cfg.DialTimeout)
	defer cancel()
	addrs, err := s.lookUp(ctx)
	if err != nil {
		return nil, err
	}
	for k, addr := range addrs {
		l, dialErr := s.connectTo(ctx, addr, len(addrs)-k)
		if dialErr == nil {
			return l, nil
		}
		if err == nil {
			err = dialErr
		} else {
			err = fmt.Errorf("%w; %w", err, dialErr)
		}
	}
	return nil, err
}

// connectTo connects to addr and, in version 2, waits for the welcome. It takes at most the
// time that ctx leaves, divided by the number of addresses that are left to try.
func (s *slot) connectTo(ctx context.Context, addr string, left int) (*link, error) {
	c := s.client
	deadline, _ := ctx.Deadline()
	ctx, cancel := context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
	defer cancel()
	conn, err := c.cfg.dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	w := wire.Welcome{Format: c.cfg.format()}
	if c.cfg.Version > 1 {
		if w, err = c.greet(ctx, conn, addr); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return newLink(s, conn, w), nil
}

// lookUp returns the addresses at which s may connect, in the order in which to try
// them. It looks a host name up each time.
func (s *slot) lookUp(ctx context.Context) ([]string, error) {
	if strings.HasPrefix(s.addr, unixPrefix) {
		return []string{s.addr}, nil
	}
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return nil, err
	}
	if _, err := netip.ParseAddr(host); err == nil || host == "" {
		return []string{s.addr}, nil
	}
	ips, err := s.client.cfg.lookUp(ctx, host)
	if err != nil {
		return nil, err
	}
	addrs := make([]string, len(ips))
	for k, ip := range inTurn(ips, s.turn) {
		addrs[k] = net.JoinHostPort(ip.String(), port)
	}
	return addrs, nil
}

// inTurn returns the addresses of a name in the order in which the slot with this turn
// tries them. Slots whose turns follow each other begin with different addresses.
//
// The resolver's first address shows which of IPv4 and IPv6 it prefers (RFC 6724). Slots
// begin with addresses of that kind, because those of the other kind are often the same
// servers. Within a kind the order of the lookup does not matter, because name servers
// rotate it.
func inTurn(ips []netip.Addr, turn int) []netip.Addr {
	var preferred, others []netip.Addr
	for _, ip := range ips {
		if ip.Is6() == ips[0].Is6() {
			preferred = append(preferred, ip)
		} else {
			others = append(others, ip)
		}
	}
	return append(rotated(preferred, turn), rotated(others, turn)...)
}

func rotated(ips []netip.Addr, turn int) []netip.Addr {
	if len(ips) == 0 {
		return nil
	}
	slices.SortFunc(ips, netip.Addr.Compare)
	first := turn % len(ips)
	return append(ips[first:len(ips):len(ips)], ips[:first]...)
}

// dialAddr connects to addr: host:port, or unix: and a path.
func dialAddr(ctx context.Context, addr string) (net.Conn, error) {
	var dialer net.Dialer
	if path, ok := strings.CutPrefix(addr, unixPrefix); ok {
		return dialer.DialContext(ctx, "unix", path)
	}
	return dialer.DialContext(ctx, "tcp", addr)
}

// lookUpHost returns the addresses of a host.
func lookUpHost(ctx context.Context, host string) ([]netip.Addr, error) {
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	for k := range ips {
		ips[k] = ips[k].Unmap()
	}
	return ips, err
}
