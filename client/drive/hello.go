package drive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/disrust/disrust/wire"
)

// Describe asks the server at addr, in version 2 of the protocol, what it serves. It waits
// for timeout at most, or 10 s if that is 0. A server that does not accept the client is a
// *Refused.
func Describe(ctx context.Context, addr string, timeout time.Duration) (wire.Welcome, error) {
	c := Config{Addr: addr, Stall: timeout}
	if c.Stall == 0 {
		c.Stall = defaultStall
	}
	conn, err := c.reach(ctx)
	if err != nil {
		return wire.Welcome{}, err
	}
	defer conn.Close()
	return c.greet(ctx, conn, wire.Hello{})
}

// Refused is the error of a server whose welcome does not accept the client. The error of Run
// wraps it.
type Refused struct {
	Addr    string
	Welcome wire.Welcome
}

func (r *Refused) Error() string {
	if r.Welcome.Sentence == "" {
		return fmt.Sprintf("%s refuses the connection with status %d", r.Addr, r.Welcome.Verdict)
	}
	return fmt.Sprintf("%s refuses the connection: %s", r.Addr, r.Welcome.Sentence)
}

// ErrNoWelcome is the error of a server that closes a connection before its welcome. The
// error of Run wraps it.
var ErrNoWelcome = errors.New("closed before its welcome: a version 1 server, a full one, or an address not allowed")

// hello is what the connections of a run begin with. The server must have the format of
// the requests, and allow the largest of them.
func (c *Config) hello() wire.Hello {
	f := c.Requests.format
	return wire.Hello{Dim: uint32(f.Dim), Outputs: uint32(f.Outputs), MaxVectors: uint32(c.Requests.most)}
}

// greet sends h and reads the server's welcome, and nothing after it.
func (c *Config) greet(ctx context.Context, conn net.Conn, h wire.Hello) (wire.Welcome, error) {
	_ = conn.SetDeadline(time.Now().Add(c.Stall)) // a broken connection fails below
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	_, _ = conn.Write(wire.AppendHello(nil, h)) // a server that refuses may close before it reads
	w, err := readWelcome(conn)
	switch {
	case err != nil && ctx.Err() != nil:
		return w, fmt.Errorf("%s: %w", c.Addr, ctx.Err())
	case err != nil:
		return w, fmt.Errorf("%s %w", c.Addr, err)
	case w.Verdict != wire.Welcomed:
		return w, &Refused{c.Addr, w}
	}
	return w, conn.SetDeadline(time.Time{})
}

// readWelcome reads a welcome. Its errors are sentences without their subject.
func readWelcome(from io.Reader) (wire.Welcome, error) {
	var head [wire.PreambleBytes]byte
	if n, err := io.ReadFull(from, head[:]); err != nil {
		if _, _, strange := wire.ParsePreamble(head[:n]); strange == nil {
			return wire.Welcome{}, unwelcome(err)
		}
	}
	p, _, err := wire.ParsePreamble(head[:])
	if err != nil {
		return wire.Welcome{}, fmt.Errorf("sends no welcome: %w", err)
	}
	body := make([]byte, p.Size)
	if _, err := io.ReadFull(from, body); err != nil {
		return wire.Welcome{}, unwelcome(err)
	}
	w, err := wire.ParseWelcome(body)
	if err != nil {
		return w, fmt.Errorf("sends no valid welcome: %w", err)
	}
	return w, nil
}

// unwelcome returns the error of a connection that ended, or timed out, before its welcome.
func unwelcome(err error) error {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return errors.New("sends no welcome in time")
	}
	return ErrNoWelcome
}
