package oip

import (
	"net"
	"net/netip"
	"slices"
	"sync"
)

// bounded is a listener of allowed peers with at most maxConns connections at once. More of them wait to be
// accepted.
type bounded struct {
	net.Listener
	allow  []netip.Prefix
	room   chan struct{}
	closed chan struct{}
	close  func() error
}

func newBounded(l net.Listener, allow []netip.Prefix) *bounded {
	b := &bounded{Listener: l, allow: allow, room: make(chan struct{}, maxConns), closed: make(chan struct{})}
	b.close = sync.OnceValue(func() error {
		close(b.closed)
		return l.Close()
	})
	return b
}

// Accept implements [net.Listener]. It closes connections of peers that are not allowed.
func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.room <- struct{}{}:
	case <-b.closed:
		return nil, net.ErrClosed
	}
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			<-b.room
			return nil, err
		}
		if b.allows(c.RemoteAddr()) {
			return &conn{Conn: c, leave: sync.OnceFunc(func() { <-b.room })}, nil
		}
		c.Close()
	}
}

func (b *bounded) allows(peer net.Addr) bool {
	tcp, isTCP := peer.(*net.TCPAddr)
	if !isTCP || len(b.allow) == 0 {
		return true
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
	return slices.ContainsFunc(b.allow, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// Close implements [net.Listener].
func (b *bounded) Close() error { return b.close() }

// conn is a connection that gives its place back.
type conn struct {
	net.Conn
	leave func()
}

// Close implements [net.Conn].
func (c *conn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// CloseWrite is what net/http calls so that a client gets the last answer before the connection closes.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
