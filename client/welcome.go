package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/disrust/disrust/wire"
)

// Server is what a server says of itself and its model.
type Server struct {
	Addr       string // as in Config.Addrs
	Dim        int    // features per vector
	Outputs    int    // scores per vector
	MaxVectors int    // vectors in the largest request that it accepts
	Kind       wire.Kind
	Identity   wire.Identity // which model it is; zero if the server does not say
	ModelName  string        // empty if the server does not say; any bytes, not only UTF-8
}

// Servers returns what each connection's server has said last, in the order of
// Config.Addrs: in its welcome, or later when it changed the model. Connections that never
// stood are left out. After Dial there is at least one. Dim, Outputs and Kind are those of
// all servers. In version 1 a server says nothing, and they are those of Config.
func (c *Client) Servers() (servers []Server) {
	for _, s := range c.slots {
		if server := s.server.Load(); server != nil {
			servers = append(servers, *server)
		}
	}
	return servers
}

// greet sends the hello on a new connection to addr and waits for the welcome, until ctx
// ends. The error is a *NoWelcome or a *Refused.
func (c *Client) greet(ctx context.Context, conn net.Conn, addr string) (wire.Welcome, error) {
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	w, err := exchange(conn, c.cfg.hello())
	if !stop() && err == nil {
		err = os.ErrDeadlineExceeded
	}
	if err != nil {
		return w, &NoWelcome{Addr: addr, Err: err}
	}
	if w.Verdict != wire.Welcomed {
		return w, &Refused{Addr: addr, Verdict: w.Verdict, Asked: c.cfg.hello(), Server: w}
	}
	return w, c.agree(w, addr)
}

// exchange sends h and returns the welcome. It reads nothing that follows the welcome.
func exchange(conn net.Conn, h wire.Hello) (w wire.Welcome, err error) {
	if _, err := conn.Write(wire.AppendHello(nil, h)); err != nil {
		return w, err
	}
	head := make([]byte, wire.PreambleBytes)
	if n, err := io.ReadFull(conn, head); err != nil {
		if _, _, foreign := wire.ParsePreamble(head[:n]); foreign != nil {
			return w, foreign
		}
		return w, err
	}
	preamble, _, err := wire.ParsePreamble(head)
	if err != nil {
		return w, err
	}
	body := make([]byte, preamble.Size)
	if _, err := io.ReadFull(conn, body); err != nil {
		return w, err
	}
	return wire.ParseWelcome(body)
}

// agree returns a *Refused unless the model that w describes is the one that Config asks
// for and has the shape that the first welcome stated.
func (c *Client) agree(w wire.Welcome, addr string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v := mismatch(c.asked, c.welcomed, w); v != wire.Welcomed {
		return &Refused{Addr: addr, Verdict: v, Asked: c.asked, Server: w}
	}
	if !c.welcomed {
		c.welcomed = true
		c.asked.Dim, c.asked.Outputs, c.asked.Kind = uint32(w.Format.Dim), uint32(w.Format.Outputs), w.Kind
		c.format = w.Format
	}
	return nil
}

// mismatch returns what in w is not as asked, or Welcomed. exact says that the kind must be
// as asked even if it is Unstated.
func mismatch(asked wire.Hello, exact bool, w wire.Welcome) wire.Verdict {
	differs := func(asked uint32, has int) bool { return asked != 0 && int(asked) != has }
	switch {
	case differs(asked.Dim, w.Format.Dim):
		return wire.WrongDim
	case differs(asked.Outputs, w.Format.Outputs):
		return wire.WrongOutputs
	case int(asked.MaxVectors) > w.Format.MaxVectors:
		return wire.TooManyVectors
	case asked.Model != "" && asked.Model != w.Model:
		return wire.WrongModel
	case (exact || asked.Kind != wire.Unstated) && asked.Kind != w.Kind:
		return wire.WrongKind
	}
	return wire.Welcomed
}

// NoWelcome means that a server did not answer the Client's hello with a welcome. The
// Client never falls back to version 1 by itself. *Unavailable wraps it.
type NoWelcome struct {
	Addr string // what the Client connected to: of a host name, one of its addresses
	Err  error  // io.EOF, an error of the network, or what is wrong with the server's bytes
}

func (e *NoWelcome) Error() string {
	if ended(e.Err) {
		return fmt.Sprintf("client: %s closed before its welcome: a version 1 server, a full one, or an address not allowed", e.Addr)
	}
	return fmt.Sprintf("client: %s gave no welcome: %v", e.Addr, e.Err)
}

// Unwrap returns Err.
func (e *NoWelcome) Unwrap() error { return e.Err }

// ended reports whether err says that the peer has ended the connection.
func ended(err error) bool {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	netErr, ok := errors.AsType[*net.OpError](err)
	return ok && !netErr.Timeout()
}

// Refused means that a server does not serve what the Client asks for, or serves a model of
// another shape than the Client's first server. *Unavailable wraps it.
type Refused struct {
	Addr    string       // what the Client connected to: of a host name, one of its addresses
	Verdict wire.Verdict // what is wrong
	Asked   wire.Hello   // what Config states; dim, outputs and kind may be those of the first server
	Server  wire.Welcome // what the server says, with its sentence for a person
}

func (e *Refused) Error() string {
	text := fmt.Sprintf("client: %s %s", e.Addr, e.reason())
	if e.Server.Sentence != "" {
		text += fmt.Sprintf(" (it says %q)", e.Server.Sentence)
	}
	return text
}

// Temporary reports whether the server may welcome the same Client later.
func (e *Refused) Temporary() bool { return e.Verdict == wire.NotNow }

func (e *Refused) reason() string {
	asked, server := e.Asked, e.Server
	switch e.Verdict {
	case wire.WrongVersion:
		return fmt.Sprintf("does not speak version %d", wire.Version)
	case wire.WrongDim:
		return fmt.Sprintf("serves dim %d and not %d", server.Format.Dim, asked.Dim)
	case wire.WrongOutputs:
		return fmt.Sprintf("gives %d scores per vector and not %d", server.Format.Outputs, asked.Outputs)
	case wire.TooManyVectors:
		return fmt.Sprintf("allows %d vectors per request and not %d", server.Format.MaxVectors, asked.MaxVectors)
	case wire.WrongModel:
		return fmt.Sprintf("serves the model %q and not %q", server.Model, asked.Model)
	case wire.NotNow:
		return "cannot serve now"
	case wire.WrongKind:
		return fmt.Sprintf("gives scores of the kind %v and not %v", server.Kind, asked.Kind)
	case wire.Malformed:
		return "does not understand the hello"
	}
	return fmt.Sprintf("refuses with status %d", e.Verdict)
}
