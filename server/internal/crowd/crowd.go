// Package crowd bounds how many connections a listener has at once. It is for ports beside the one that the I/O threads
// serve, whose connections have goroutines.
package crowd

import (
	"net"
	"sync"
)

// Listener is a listener with a bound on its connections. More of them wait to be accepted. Any goroutine may call
// its methods.
type Listener struct {
	net.Listener
	serves func(peer net.Addr) bool
	room   chan struct{}
	closed chan struct{}
	close  func() error
}

// Bound returns a Listener with at most so many connections of l, which it closes. Connections of peers that serves
// does not allow are closed; nil allows all.
func Bound(l net.Listener, most int, serves func(peer net.Addr) bool) *Listener {
	b := &Listener{Listener: l, serves: serves, room: make(chan struct{}, most), closed: make(chan struct{})}
	b.close = sync.OnceValue(func() error {
		close(b.closed)
		return l.Close()
	})
	return b
}

// Accept implements [net.Listener].
func (b *Listener) Accept() (net.Conn, error) {
	c, err := b.AcceptConn()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptConn is Accept with the type of the connection.
func (b *Listener) AcceptConn() (*Conn, error) {
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
		if b.serves == nil || b.serves(c.RemoteAddr()) {
			return &Conn{Conn: c, leave: sync.OnceFunc(func() { <-b.room })}, nil
		}
		c.Close()
	}
}

// Close implements [net.Listener]. It also ends an Accept that waits for room.
func (b *Listener) Close() error { return b.close() }

// Conn is a connection that gives its place back when it is closed.
type Conn struct {
	net.Conn
	leave func()
}

// Close implements [net.Conn].
func (c *Conn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// CloseWrite is what net/http calls so that a client gets the last answer before the connection closes.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
