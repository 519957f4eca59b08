// Command gnet serves disrust's protocol with gnet, an event-loop library for
// Go, the way its documentation has it: an event loop for each CPU, requests
// parsed where they lie in the loop's buffer, one write for all that arrived
// together.
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

// OnTraffic implements gnet.EventHandler.
func (*server) OnTraffic(c gnet.Conn) gnet.Action {
	conn := c.Context().(*connection)
	in, err := c.Peek(-1)
	if err != nil {
		return gnet.Close
	}
	read, valid := conn.answer(in)
	if _, err := c.Write(conn.out); err != nil || !valid {
		return gnet.Close
	}
	if _, err := c.Discard(read); err != nil {
		return gnet.Close
	}
	return gnet.None
}

// answer puts the responses to the whole requests of in into out and returns
// how many bytes those were; valid is false when the protocol is broken.
func (c *connection) answer(in []byte) (read int, valid bool) {
	c.out = c.out[:0]
	for {
		frame := wire.Default.ParseRequest(in[read:])
		if frame.Status != wire.Complete {
			return read, frame.Status == wire.Incomplete
		}
		payload := in[read+wire.HeaderBytes : read+frame.Bytes]
		c.out = wire.AppendResponse(c.out, c.Score(payload))
		read += frame.Bytes
	}
}
