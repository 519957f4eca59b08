//go:build linux

package netiotest

import (
	"bytes"

	"github.com/disrust/disrust/server/internal/netio"
	"golang.org/x/sys/unix"
)

func (c *conn) receive() netio.Op {
	return netio.Op{Code: netio.Receive, Key: c.key, FD: c.fd}
}

func (c *conn) receiveReady() netio.Op {
	op := c.receive()
	op.Ready = true
	return op
}

func (c *conn) cancel(target netio.Code) netio.Op {
	return netio.Op{Code: netio.Cancel, Key: c.key, FD: c.fd, Target: target}
}

// end closes both ends.
func (c *conn) end() {
	c.r.turn(netio.Op{Code: netio.Close, FD: c.fd})
	c.close()
}

// awaitInput waits for the event of a receive and returns its bytes and outcome.
func (c *conn) awaitInput() (data []byte, outcome netio.Outcome) {
	c.r.Helper()
	return c.r.bytes(c.r.await(c.key, netio.Receive))
}

// bytes returns a copy of the bytes that an event brought, and recycles the buffer.
func (r *rig) bytes(e netio.Event) ([]byte, netio.Outcome) {
	var data []byte
	if e.Buffer != netio.NoBuffer {
		data = bytes.Clone(r.backend.Buffer(e.Buffer, int(e.N)))
		r.backend.Recycle(e.Buffer)
	}
	return data, e.Outcome
}

// expectInput receives until all of want has arrived.
func (c *conn) expectInput(want []byte) {
	c.r.Helper()
	for len(want) > 0 {
		data, outcome := c.awaitInput()
		if outcome > netio.DoneMore || len(data) == 0 || !bytes.HasPrefix(want, data) {
			c.r.Fatalf("received %d bytes with outcome %d, which are not the next of %d", len(data), outcome, len(want))
		}
		if want = want[len(data):]; len(want) > 0 {
			op := c.receive()
			op.Ready = outcome == netio.DoneMore
			c.r.turn(op)
		}
	}
}

// receiveWaits: a receive on an empty socket has its event when input arrives.
func receiveWaits(r *rig) {
	c := r.pair()
	defer c.end()
	for range 5 {
		r.turn(c.receive())
		r.expectNone()
		c.write(pattern(0, 100))
		c.expectInput(pattern(0, 100))
	}
	c.write(pattern(0, 10)) // while no receive is in flight
	r.expectNone()
	r.turn(c.receive())
	c.expectInput(pattern(0, 10))
}

// receiveInPieces: pieces of all sizes arrive in order.
func receiveInPieces(r *rig) {
	c := r.pair()
	defer c.end()
	total := 0
	for size := 1; size <= 64<<10; size *= 2 {
		r.turn(c.receive())
		if n := c.write(pattern(total, size)); n != size {
			r.Fatalf("the socket takes %d bytes of %d", n, size)
		}
		c.expectInput(pattern(total, size))
		total += size
	}
}

// receiveFillsBuffer: a receive that fills its buffer reports that there is more.
func receiveFillsBuffer(r *rig) {
	c := r.pair()
	defer c.end()
	sent := c.fill(netio.ReceiveBytes + 1000)
	r.until("all has arrived", func() bool { return r.backend.Unread(c.fd) == sent })
	r.turn(c.receive())
	data, outcome := c.awaitInput()
	if outcome != netio.DoneMore || !bytes.Equal(data, pattern(0, netio.ReceiveBytes)) {
		r.Fatalf("%d bytes with outcome %d, want a full buffer and more", len(data), outcome)
	}
	r.turn(c.receiveReady())
	c.expectInput(pattern(netio.ReceiveBytes, sent-netio.ReceiveBytes))
}

// fill writes n bytes, in several attempts if necessary.
func (c *conn) fill(n int) int {
	c.r.Helper()
	sent := 0
	c.r.until("the socket takes all", func() bool {
		sent += c.write(pattern(sent, n-sent))
		return sent == n
	})
	return sent
}

// receiveReadyButEmpty: a receive with Ready waits if the socket has no input after all.
func receiveReadyButEmpty(r *rig) {
	c := r.pair()
	defer c.end()
	r.turn(c.receiveReady())
	r.expectNone()
	c.write(pattern(0, 10))
	c.expectInput(pattern(0, 10))
}

// receiveUrgent: a receive stops in front of urgent data, and the next continues after it.
func receiveUrgent(r *rig) {
	c := r.pair()
	defer c.end()
	c.write(pattern(0, 100))
	if err := unix.Sendto(c.peer.fd, []byte{1}, unix.MSG_OOB, nil); err != nil {
		return // the kernel has no urgent data on this network
	}
	c.write(pattern(100, 100))
	r.until("all has arrived", func() bool { return r.backend.Unread(c.fd) >= 100 })
	r.turn(c.receive())
	c.expectInput(pattern(0, 200))
	r.turn(c.receive())
	c.write(pattern(200, 100))
	c.expectInput(pattern(200, 100))
}

// receivePassed: a receive stops where a descriptor was passed with the input, and the next
// continues after it.
func receivePassed(r *rig) {
	if r.family != unix.AF_UNIX {
		return
	}
	c := r.pair()
	defer c.end()
	r.check("pass", unix.Sendmsg(c.peer.fd, pattern(0, 100), unix.UnixRights(c.peer.fd), nil, 0))
	c.write(pattern(100, 100))
	r.turn(c.receive())
	c.expectInput(pattern(0, 200))
}

// receiveFIN: FIN is an event without bytes, whether FIN or the receive comes first.
func receiveFIN(r *rig) {
	for _, early := range []bool{false, true} {
		c := r.pair()
		if early {
			c.fin()
		}
		r.turn(c.receive())
		if !early {
			c.fin()
		}
		if data, outcome := c.awaitInput(); outcome != netio.Done || len(data) > 0 {
			r.Fatalf("%d bytes with outcome %d, want FIN", len(data), outcome)
		}
		c.end()
	}
}

// receiveFINAfterInput: a FIN that arrives together with input is reported after it.
func receiveFINAfterInput(r *rig) {
	for _, ready := range []bool{false, true} {
		c := r.pair()
		c.write(pattern(0, 100))
		c.fin()
		op := c.receive()
		op.Ready = ready
		r.turn(op)
		c.expectInput(pattern(0, 100))
		r.turn(c.receive())
		if data, outcome := c.awaitInput(); outcome != netio.Done || len(data) > 0 {
			r.Fatalf("%d bytes with outcome %d, want FIN", len(data), outcome)
		}
		c.end()
	}
}

// receiveReset: a reset fails the receive.
func receiveReset(r *rig) {
	for _, early := range []bool{false, true} {
		c := r.pair()
		r.turn(netio.Op{Code: netio.Send, Key: c.key, FD: c.fd, Data: pattern(0, 10)})
		if early {
			c.reset()
		}
		r.turn(c.receive())
		if !early {
			c.reset()
		}
		r.expect(c.key, netio.Receive, netio.Failed)
		r.turn(netio.Op{Code: netio.Close, FD: c.fd})
	}
}

// receiveCancelled: a cancelled receive has one event and takes none of the later input.
func receiveCancelled(r *rig) {
	c := r.pair()
	defer c.end()
	r.turn(c.receive())
	r.turn(c.cancel(netio.Receive))
	r.expect(c.key, netio.Receive, netio.Interrupted)
	c.write(pattern(0, 10))
	r.expectNone()
	r.turn(c.receive())
	c.expectInput(pattern(0, 10))
}

// receiveStarved: while all buffers are lent, a receive reports that it found none. It works
// again once a buffer is recycled.
func receiveStarved(r *rig) {
	l := r.listen()
	defer r.backend.CloseNow(l.fd)
	var lent []int16
	for range netio.ReceiveBuffers {
		c := r.pairAt(l)
		defer c.end()
		c.write(pattern(0, 10))
		r.turn(c.receive())
		lent = append(lent, r.expect(c.key, netio.Receive, netio.Done).Buffer)
	}
	c := r.pairAt(l)
	defer c.end()
	c.write(pattern(0, 20))
	for range 3 {
		r.turn(c.receiveReady())
		r.expect(c.key, netio.Receive, netio.Starved)
	}
	for i, id := range lent {
		if !bytes.Equal(r.backend.Buffer(id, 10), pattern(0, 10)) {
			r.Fatalf("buffer %d of connection %d has changed", id, i)
		}
		r.backend.Recycle(id)
	}
	r.turn(c.receiveReady())
	c.expectInput(pattern(0, 20))
}

// receiveDropped: a receive with Drop reports bytes and FIN, and uses no buffer.
func receiveDropped(r *rig) {
	c := r.pair()
	defer c.end()
	op := c.receive()
	op.Drop = true
	for dropped, sent := 0, 0; dropped < 3*netio.ReceiveBytes; {
		sent += c.write(pattern(sent, 3*netio.ReceiveBytes-sent))
		r.turn(op)
		e := r.await(c.key, netio.Receive)
		if e.Outcome > netio.DoneMore || e.N <= 0 || e.Buffer != netio.NoBuffer {
			r.Fatalf("event %+v: want bytes and no buffer", e)
		}
		dropped += int(e.N)
	}
	c.fin()
	r.turn(op)
	if e := r.expect(c.key, netio.Receive, netio.Done); e.N != 0 {
		r.Fatalf("event %+v, want FIN", e)
	}
}

// receiveDroppedRest: input that a receive with Drop had no room for is there for the next one, though
// nothing else arrives.
func receiveDroppedRest(r *rig) {
	c := r.pair()
	defer c.end()
	sent := c.write(pattern(0, 2*netio.ReceiveBytes))
	op := c.receive()
	op.Drop = true
	for dropped := 0; dropped < sent; {
		r.turn(op)
		e := r.await(c.key, netio.Receive)
		if e.Outcome > netio.DoneMore || e.N <= 0 {
			r.Fatalf("event %+v after %d bytes of %d", e, dropped, sent)
		}
		dropped += int(e.N)
	}
}

// receiveMany: more connections than buffers become readable at once, and all are served. A
// connection that always has more input does not keep the others waiting.
func receiveMany(r *rig) {
	const count = 4 * netio.ReceiveBuffers
	l := r.listen()
	defer r.backend.CloseNow(l.fd)
	var ops []netio.Op
	conns := map[uint64]*conn{}
	for range count {
		c := r.pairAt(l)
		defer c.end()
		conns[c.key] = c
		ops = append(ops, c.receive())
		c.write(pattern(0, 30))
	}
	busy := r.pairAt(l)
	defer busy.end()
	r.turn(append(ops, busy.receive())...)
	for r.guards = 0; len(conns) > 0 && r.guards < patience; r.wait() {
		busy.write(pattern(0, 1000))
		for len(r.events) > 0 {
			e := r.events[0]
			r.events = r.events[1:]
			data, outcome := r.bytes(e)
			c := conns[e.Key]
			switch {
			case e.Key == busy.key:
				r.turn(busy.receiveReady())
			case outcome == netio.Starved:
				r.turn(c.receiveReady())
			case outcome != netio.Done || c == nil || !bytes.Equal(data, pattern(0, 30)):
				r.Fatalf("event %+v with % x", e, data)
			default:
				delete(conns, e.Key)
			}
		}
	}
	if len(conns) > 0 {
		r.Fatalf("%d of %d connections are not served", len(conns), count)
	}
	r.turn(busy.cancel(netio.Receive))
	r.bytes(r.await(busy.key, netio.Receive))
}
