//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/wire"
)

// A connection that begins with a hello speaks version 2 of the protocol. Every other
// connection speaks version 1. The hello is found where a count is not allowed, so looking for
// it costs a request nothing.

// parseMessage is ParseRequest for the first bytes that are not parsed yet, and finds hellos
// too: rest is how many bytes of the connection's stream have been received from b on. Of a
// hello, Vectors is 0 and Bytes counts the part that this thread reads.
func (t *Thread) parseMessage(c *conn, b []byte, rest int) wire.Frame {
	f := t.format.ParseRequest(b)
	if f.Status != wire.Invalid || c.received != uint64(rest) || !wire.IsHello(b) {
		return f
	}
	c.version = 2
	known := wire.PreambleBytes
	if p, missing, _ := wire.ParsePreamble(b); missing == 0 {
		known += min(p.Size, wire.HelloBytes-wire.PreambleBytes)
	}
	if known > len(b) {
		return wire.Frame{Status: wire.Incomplete, Bytes: known - len(b)}
	}
	return wire.Frame{Status: wire.Complete, Bytes: known}
}

// helloTail returns how many bytes of a hello follow the part that this thread reads.
func helloTail(hello []byte) int {
	p, _, _ := wire.ParsePreamble(hello)
	return wire.PreambleBytes + p.Size - len(hello)
}

// finishHello drops bytes of data that belong to the hello in c's partial, and answers the hello
// once it has arrived as a whole. It returns the rest of data.
func (t *Thread) finishHello(c *conn, data []byte) []byte {
	p := &c.partial
	hello := t.partials.Bytes(p.block)[:p.size]
	if p.skip == 0 {
		p.skip = uint32(helloTail(hello)) // it is asked for once: the hello ends with its last byte
	}
	n := min(int(p.skip), len(data))
	if p.skip -= uint32(n); p.skip > 0 {
		return data[n:]
	}
	t.greet(c, hello)
	t.dropPartial(c)
	return data[n:]
}

// greet answers a hello that has arrived as a whole. If it refuses, the welcome is the last
// answer on the connection.
func (t *Thread) greet(c *conn, hello []byte) {
	c.welcomed = true
	p, _, _ := wire.ParsePreamble(hello)
	w := t.cfg.Welcome.Judge(p, hello[wire.PreambleBytes:])
	t.appendExtra(c, func(b []byte) []byte { return wire.AppendWelcome(b, w) })
	t.markDirty(c)
	t.tally.Hellos++
	if w.Verdict != wire.Welcomed {
		t.tally.RefusedHellos++
		if t.cfg.Violations != nil {
			t.cfg.Violations.Refused(t.backend.Peer(c.fd), w.Sentence)
		}
		t.endInput(c)
		return
	}
	if t.draining {
		t.sendGoingAway(c)
	}
}

// appendExtra appends what belongs to no request to c's output. Each block has extraBytes of
// room for it: a connection has one welcome, one notice that the server is going away, and one
// failure of a count.
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
