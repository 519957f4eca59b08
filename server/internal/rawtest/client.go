//go:build linux

package rawtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/disrust/disrust/server/internal/testflag"
)

// hangTimeout bounds the life of a connection, and each wait. No test depends on its
// value: it only turns a hang into a failure. It is longer under -tiny: there the rings
// hold four requests, so a request waits for many hand-overs before its own, and a loaded
// machine may take long for each.
func hangTimeout() time.Duration {
	if *testflag.Tiny {
		return 2 * time.Minute
	}
	return 20 * time.Second
}

// Client is one connection to a server under test. One goroutine may send
// while another expects.
type Client struct {
	conn  stream
	got   []byte      // Expect's buffer, kept for the next call
	ended atomic.Bool // Allow(0) has ended the connection
}

// stream is a TCP or a Unix connection.
type stream interface {
	net.Conn
	CloseWrite() error
	SetReadBuffer(bytes int) error
}

// Dial connects to addr, which is host:port or unix:PATH.
func Dial(addr string) (*Client, error) {
	return dial(net.Dialer{}, addr)
}

// DialFrom connects from the n-th of 65,536 loopback addresses. A connection leaves its port
// in TIME_WAIT for a minute, so a test that makes thousands per second would use up the
// 28,000 ports of one address.
func DialFrom(n int, addr string) (*Client, error) {
	local := net.IPv4(127, 1, byte(n>>8), byte(n))
	return dial(net.Dialer{LocalAddr: &net.TCPAddr{IP: local}}, addr)
}

// DialNarrow connects with buffers as small as the kernel grants, so that a
// client that does not read soon blocks in Send.
func DialNarrow(addr string) (*Client, error) {
	narrow := func(_, _ string, raw syscall.RawConn) error {
		var receive, send error
		err := raw.Control(func(fd uintptr) {
			receive = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 1)
			send = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF, 1)
		})
		return errors.Join(err, receive, send)
	}
	return dial(net.Dialer{Control: narrow}, addr)
}

func dial(d net.Dialer, addr string) (*Client, error) {
	d.Timeout = hangTimeout()
	network := "tcp"
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", path
	}
	conn, err := d.Dial(network, addr)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(hangTimeout())); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &Client{conn: conn.(stream)}, nil
}

// Allow moves the connection's deadline to d from now. Allow(0) makes every operation fail
// at once, those in progress too.
func (c *Client) Allow(d time.Duration) error {
	c.ended.Store(d <= 0)
	return c.conn.SetDeadline(time.Now().Add(d))
}

// AllowRead moves the deadline of reads only.
func (c *Client) AllowRead(d time.Duration) error {
	return c.conn.SetReadDeadline(time.Now().Add(d))
}

// Widen sets the size of the connection's receive buffer. The kernel doubles it for its own
// needs.
func (c *Client) Widen(bytes int) error { return c.conn.SetReadBuffer(bytes) }

// Send writes all of b. TCP chooses the segments.
func (c *Client) Send(b []byte) error {
	if n, err := c.conn.Write(b); err != nil {
		return fmt.Errorf("sent %d of %d bytes: %w", n, len(b), c.late(err))
	}
	return nil
}

// SendChunks writes b in one write per size, and the rest of b in a last write.
func (c *Client) SendChunks(b []byte, sizes ...int) error {
	for _, size := range sizes {
		size = min(size, len(b))
		if err := c.Send(b[:size]); err != nil {
			return err
		}
		b = b[size:]
	}
	return c.Send(b)
}

// SendBytes writes b one byte at a time.
func (c *Client) SendBytes(b []byte) error {
	for i := range b {
		if err := c.Send(b[i : i+1]); err != nil {
			return fmt.Errorf("byte %d of %d: %w", i, len(b), err)
		}
	}
	return nil
}

// Read reads what has arrived, and waits if nothing has.
func (c *Client) Read(b []byte) (int, error) { return c.conn.Read(b) }

// Expect reads len(want) bytes and returns an error unless they equal want. The error is a
// LateError if the deadline passes first. Expect allocates only when want is longer than in
// any call before.
func (c *Client) Expect(want []byte) error {
	if cap(c.got) < len(want) {
		c.got = make([]byte, len(want))
	}
	got := c.got[:len(want)]
	if err := c.Receive(got); err != nil {
		return err
	}
	return Compare(got, want)
}

// Receive reads len(b) bytes. The error is a LateError if the deadline passes first.
func (c *Client) Receive(b []byte) error {
	if n, err := io.ReadFull(c.conn, b); err != nil {
		return fmt.Errorf("answers ended after %d of %d bytes: %w", n, len(b), c.late(err))
	}
	return nil
}

// ErrDiffer is wrapped by the error for a wrong answer.
var ErrDiffer = errors.New("answers differ")

// Compare returns an error that wraps ErrDiffer unless got equals want, which is as long.
func Compare(got, want []byte) error {
	if bytes.Equal(got, want) {
		return nil
	}
	at := 0
	for got[at] == want[at] {
		at++
	}
	from, to := at&^3, min(at&^3+16, len(want))
	return fmt.Errorf("%w at byte %d of %d: got % x, want % x", ErrDiffer, at, len(want), got[from:to], want[from:to])
}

// ExpectEOF returns an error unless the server sends EOF next. One more byte is an error,
// and so is a reset.
func (c *Client) ExpectEOF() error {
	var b [1]byte
	switch n, err := c.conn.Read(b[:]); {
	case n > 0:
		return fmt.Errorf("byte %#x follows the last answer, want end of stream", b[0])
	case err != io.EOF:
		return fmt.Errorf("want end of stream: %w", c.late(err))
	}
	return nil
}

// ExpectCycle reads to EOF. The stream must repeat cycle, and may end anywhere in it.
// ExpectCycle adds the number of bytes that it reads to read.
func (c *Client) ExpectCycle(cycle []byte, read *atomic.Int64) error {
	buf := make([]byte, 1<<16)
	for at := 0; ; {
		n, err := c.conn.Read(buf)
		for got := buf[:n]; len(got) > 0; {
			want := cycle[at:min(at+len(got), len(cycle))]
			if err := Compare(got[:len(want)], want); err != nil {
				return err
			}
			got, at = got[len(want):], (at+len(want))%len(cycle)
		}
		read.Add(int64(n))
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("after %d bytes of answers: %w", read.Load(), c.late(err))
		}
	}
}

// Exchange sends requests from a second goroutine while it expects answers, so that streams
// of any length cannot deadlock.
func (c *Client) Exchange(requests, answers []byte) error {
	sent := make(chan error, 1)
	go func() { sent <- c.Send(requests) }()
	got := c.Expect(answers)
	if got != nil {
		c.conn.Close() // ends a Send that the server no longer reads
	}
	return errors.Join(got, <-sent)
}

// Finish half-closes, expects EOF, and closes.
func (c *Client) Finish() error {
	return errors.Join(c.CloseWrite(), c.ExpectEOF(), c.Close())
}

// CloseWrite half-closes: the server sees the end of the requests.
func (c *Client) CloseWrite() error { return c.conn.CloseWrite() }

// Close closes the connection. If unread answers have arrived, the kernel sends a reset.
func (c *Client) Close() error { return c.conn.Close() }

// Reset closes a TCP connection with a reset. On a Unix connection the server sees a reset
// only if unread answers have arrived.
func (c *Client) Reset() error {
	if tcp, ok := c.conn.(*net.TCPConn); ok {
		return errors.Join(tcp.SetLinger(0), c.conn.Close())
	}
	return c.conn.Close()
}
