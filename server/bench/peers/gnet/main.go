// Command gnet serves disrust's protocol with gnet, an event-loop library for
// Go, the way its documentation has it: an event loop for each CPU, requests
// peeked and discarded one after the other where they lie in the loop's buffer,
// one write for all that arrived together.
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

// connection is what one connection needs besides gnet's buffers. Only its
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

// OnTraffic implements gnet.EventHandler. What is not discarded stays in gnet's
// buffer, and there is another call when more has come.
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

// answer takes the whole requests that are here and puts their responses into
// out. It is false when the protocol is broken.
//
// One request is peeked at a time: of all that is here, gnet would make a copy
// whenever a part was left from the last call. Nothing is discarded when no whole
// request is here: gnet takes 0 bytes for all of them.
func (c *connection) answer(in gnet.Conn) (valid bool) {
	c.out = c.out[:0]
	for {
		header, err := in.Peek(wire.HeaderBytes)
		if err != nil { // it is not here yet
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
		c.out = wire.AppendResponse(c.out, c.Score(request[wire.HeaderBytes:]))
		if _, err := in.Discard(len(request)); err != nil {
			return false
		}
	}
}
