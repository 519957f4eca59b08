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

// safety bounds the life of a connection and of a wait. No test depends on
// it: it only turns a hang into a failure. Under -tiny a request waits for many
// hand-overs of four before it, each as long as a loaded machine likes.
func safety() time.Duration {
	if *testflag.Tiny {
		return 2 * time.Minute
	}
	return 20 * time.Second
}

// Client is one connection to a server under test. One goroutine may send
// while another expects.
type Client struct {
	conn  stream
	got   []byte      // what Expect read last, kept to be used again
	ended atomic.Bool // by Allow(0)
}

// stream is a TCP or a Unix connection.
type stream interface {
	net.Conn
	CloseWrite() error
	SetReadBuffer(bytes int) error
}

// Dial connects to addr: host:port or unix:PATH.
func Dial(addr string) (*Client, error) {
	return dial(net.Dialer{}, addr)
}

// DialFrom connects from address number n of loopback, of 65,536: connections
// made by the thousand a second, each of which leaves its port in TIME_WAIT for a
// minute, use up the 28,000 ports of one address.
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
	d.Timeout = safety()
	network := "tcp"
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", path
	}
	conn, err := d.Dial(network, addr)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(safety())); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &Client{conn: conn.(stream)}, nil
}

// Allow moves the connection's deadline: what it does may take so long from
// now. After Allow(0) all that it does fails at once, also what is under way.
func (c *Client) Allow(d time.Duration) error {
	c.ended.Store(d <= 0)
	return c.conn.SetDeadline(time.Now().Add(d))
}

// AllowRead moves the deadline of what it reads only.
func (c *Client) AllowRead(d time.Duration) error {
	return c.conn.SetReadDeadline(time.Now().Add(d))
}

// Widen gives the connection a receive buffer of so many bytes; the kernel doubles
// them for its own needs.
func (c *Client) Widen(bytes int) error { return c.conn.SetReadBuffer(bytes) }

// Send writes all of b in as few segments as TCP likes.
func (c *Client) Send(b []byte) error {
	if n, err := c.conn.Write(b); err != nil {
		return fmt.Errorf("sent %d of %d bytes: %w", n, len(b), c.late(err))
	}
	return nil
}

// SendChunks writes b with one write for every size; the last write takes
// what the sizes leave.
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

// Read reads what is there.
func (c *Client) Read(b []byte) (int, error) { return c.conn.Read(b) }

// Expect reads len(want) bytes and fails unless they are want, with a LateError
// if they are late. It allocates only when want is longer than any before.
func (c *Client) Expect(want []byte) error {
	if cap(c.got) < len(want) {
		c.got = make([]byte, len(want))
	}
	got := c.got[:len(want)]
	if n, err := io.ReadFull(c.conn, got); err != nil {
		return fmt.Errorf("answers ended after %d of %d bytes: %w", n, len(want), c.late(err))
	}
	if !bytes.Equal(got, want) {
		return differ(got, want)
	}
	return nil
}

// ErrDiffer is what an answer other than the right one is reported with.
var ErrDiffer = errors.New("answers differ")

func differ(got, want []byte) error {
	at := 0
	for got[at] == want[at] {
		at++
	}
	from, to := at&^3, min(at&^3+16, len(want))
	return fmt.Errorf("%w at byte %d of %d: got % x, want % x", ErrDiffer, at, len(want), got[from:to], want[from:to])
}

// ExpectEOF fails unless the server ends the stream in order here: one more
// byte or a reset is a failure.
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

// ExpectCycle reads to the end of the stream, which must be cycle again and
// again and may end anywhere in it. It adds what it reads to read.
func (c *Client) ExpectCycle(cycle []byte, read *atomic.Int64) error {
	buf := make([]byte, 1<<16)
	for at := 0; ; {
		n, err := c.conn.Read(buf)
		for got := buf[:n]; len(got) > 0; {
			want := cycle[at:min(at+len(got), len(cycle))]
			if !bytes.Equal(got[:len(want)], want) {
				return differ(got[:len(want)], want)
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

// Exchange sends requests from a second goroutine while it expects answers,
// so neither side waits for the other however long the streams are.
func (c *Client) Exchange(requests, answers []byte) error {
	sent := make(chan error, 1)
	go func() { sent <- c.Send(requests) }()
	got := c.Expect(answers)
	if got != nil {
		c.conn.Close() // ends a Send that the server no longer reads
	}
	return errors.Join(got, <-sent)
}

// Finish half-closes, expects the end of the stream, and closes.
func (c *Client) Finish() error {
	return errors.Join(c.CloseWrite(), c.ExpectEOF(), c.Close())
}

// CloseWrite half-closes: the server sees the end of the requests.
func (c *Client) CloseWrite() error { return c.conn.CloseWrite() }

// Close closes in order, unless answers lie unread: then the kernel resets.
func (c *Client) Close() error { return c.conn.Close() }

// Reset closes with a reset, which a Unix connection has only if answers lie unread.
func (c *Client) Reset() error {
	if tcp, ok := c.conn.(*net.TCPConn); ok {
		return errors.Join(tcp.SetLinger(0), c.conn.Close())
	}
	return c.conn.Close()
}
