//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/wire"
)

// A connection that begins with a hello speaks version 2 of the protocol. Every other
// connection speaks version 1. The thread looks for a hello only where a count is not allowed,
// so looking for it costs a request nothing.

// isHello reports whether b begins c's hello, which can only be the first message of c's stream.
// b begins with a message and has at least HeaderBytes. rest is how many bytes of the stream have
// been received from b on.
func (c *conn) isHello(b []byte, rest int) bool {
	return c.received == uint64(rest) && wire.IsHello(b)
}

// awaitsHello reports whether c has received only a part of its hello.
func (c *conn) awaitsHello() bool { return c.version == 2 && !c.greeted }

// receiveHello is continueHello for data that the hello begins.
func (t *Thread) receiveHello(c *conn, data []byte) []byte {
	t.savePartial(c, nil)
	return t.continueHello(c, data)
}

// continueHello adds data to the hello in c's partial, and answers the hello once it has arrived
// as a whole. It returns what follows the hello in data.
func (t *Thread) continueHello(c *conn, data []byte) []byte {
	c.version = 2
	p := &c.partial
	known := t.partials.Bytes(p.block)[:wire.HelloBytes]
	for {
		hello := known[:min(p.size, wire.HelloBytes)]
		missing := helloSize(hello) - int(p.size)
		if missing == 0 {
			t.greet(c, hello)
			t.dropPartial(c)
			return data
		}
		if len(data) == 0 {
			return nil
		}
		n := min(missing, len(data))
		copy(known[len(hello):], data[:n]) // what does not fit belongs to a later version
		p.size += uint32(n)
		data = data[n:]
	}
}

// helloSize returns the size of the hello that b begins. If b does not hold the preamble, which
// states that size, it is the size of the preamble.
func helloSize(b []byte) int {
	p, missing, _ := wire.ParsePreamble(b)
	if missing > 0 {
		return wire.PreambleBytes
	}
	return wire.PreambleBytes + p.Size
}

// greet answers a hello that has arrived as a whole. hello is the part that package wire knows.
// If greet refuses, the welcome is the last message to the peer.
func (t *Thread) greet(c *conn, hello []byte) {
	c.greeted, c.model = true, t.model
	p, _, _ := wire.ParsePreamble(hello)
	w := t.cfg.Welcome.Judge(p, hello[wire.PreambleBytes:])
	t.appendExtra(c, func(b []byte) []byte { return wire.AppendWelcome(b, w) })
	t.markDirty(c)
	t.tally.Hellos++
	if w.Verdict != wire.Welcomed {
		t.tally.RefusedHellos++
		if t.cfg.Violations != nil {
			t.cfg.Violations.Refused(t.peer(c), w.Sentence)
		}
		t.endInput(c)
		return
	}
	if c.dismissed {
		t.sendGoingAway(c)
	}
}

// appendExtra appends what belongs to no request to c's output. Each block has extraBytes of
// room for it: a connection has one welcome, one notice that the server is going away, one
// failure of a count, and at most maxModelNotices.
func (t *Thread) appendExtra(c *conn, appendTo func([]byte) []byte) {
	if c.out.block == blocks.None {
		c.out.block = t.outputs.Get()
	}
	c.out.size = uint32(len(appendTo(t.outputs.Bytes(c.out.block)[:c.out.size])))
}

// sendGoingAway tells c's peer to send no new request.
func (t *Thread) sendGoingAway(c *conn) {
	t.appendExtra(c, wire.AppendGoingAway)
	t.markDirty(c)
}
