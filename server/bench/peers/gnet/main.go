// Command gnet serves disrust's protocol with gnet, an event-loop library for Go, in the way
// of its documentation. There is an event loop for each CPU. The server peeks and discards
// one request after the other in the loop's buffer, and answers all that arrived together
// with one write.
package main

import (
	"log"

	"github.com/panjf2000/gnet/v2"

	"github.com/disrust/disrust/server/bench/internal/serving"
	"github.com/disrust/disrust/wire"
)

func main() {
	log.Fatal(gnet.Run(&server{}, "tcp://"+serving.Addr(), gnet.WithMulticore(true)))
}

type server struct{ gnet.BuiltinEventEngine }

// connection is the state of one connection beside gnet's buffers. Only the connection's
// event loop uses it.
type connection struct {
	serving.Scorer
	out []byte
}

// OnOpen implements gnet.EventHandler.
func (*server) OnOpen(c gnet.Conn) ([]byte, gnet.Action) {
	c.SetContext(&connection{})
	return nil, gnet.None
}

// OnTraffic implements gnet.EventHandler. Bytes that it does not discard stay in gnet's
// buffer, and gnet calls it again when more arrive.
func (*server) OnTraffic(c gnet.Conn) gnet.Action {
	conn := c.Context().(*connection)
	valid := conn.answer(c)
	if len(conn.out) > 0 {
		if _, err := c.Write(conn.out); err != nil {
			return gnet.Close
		}
	}
	if !valid {
		return gnet.Close
	}
	return gnet.None
}

// answer consumes the whole requests that have arrived and puts their responses into out. It
// returns false if the client breaks the protocol.
//
// It peeks at one request at a time: if it peeked at everything, gnet would copy everything
// whenever a part was left from the last call. It must not discard 0 bytes, because gnet
// takes 0 for all bytes.
func (c *connection) answer(in gnet.Conn) (valid bool) {
	c.out = c.out[:0]
	for {
		header, err := in.Peek(wire.HeaderBytes)
		if err != nil { // the header has not arrived yet
			return true
		}
		frame := wire.Default.ParseRequest(header)
		if frame.Status == wire.Invalid {
			return false
		}
		request, err := in.Peek(wire.HeaderBytes + frame.Bytes)
		if err != nil {
			return true
		}
		c.out = wire.AppendResponse(c.out, frame.Vectors, c.Score(request[wire.HeaderBytes:]))
		if _, err := in.Discard(len(request)); err != nil {
			return false
		}
	}
}
