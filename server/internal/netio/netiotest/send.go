//go:build linux

package netiotest

import (
	"bytes"

	"github.com/disrust/disrust/server/internal/netio"
)

// send returns an operation that sends data. The data stays in place until the next send.
func (c *conn) send(code netio.Code, data []byte) netio.Op {
	c.sending = data
	return netio.Op{Code: code, Key: c.key, FD: c.fd, Data: data}
}

// expectPeerReads makes the peer read until all of want has arrived.
func (c *conn) expectPeerReads(want []byte) {
	c.r.Helper()
	c.r.until("the peer reads all", func() bool {
		data, _ := c.read()
		if !bytes.HasPrefix(want, data) {
			c.r.Fatalf("the peer reads %d bytes that are not the next of %d", len(data), len(want))
		}
		want = want[len(data):]
		return len(want) == 0
	})
}

// fillSocket sends until the socket takes no more, and returns how many bytes it took.
func (c *conn) fillSocket() (sent int) {
	c.r.Helper()
	for {
		data := pattern(sent, 200_000)
		c.r.turn(c.send(netio.Send, data))
		e, ok := c.r.claim(c.key, netio.Send)
		switch {
		case !ok:
			sent += len(data)
		case e.Outcome == netio.Done && e.N > 0 && int(e.N) < len(data):
			sent += int(e.N)
		case e.Outcome == netio.Interrupted:
			return sent
		default:
			c.r.Fatalf("event %+v of a send", e)
		}
	}
}

// sendAll: a send has no event if the socket takes all of it.
func sendAll(r *rig) {
	c := r.pair()
	defer c.end()
	for i := range 10 {
		r.turn(c.send(netio.Send, pattern(1000*i, 1000)))
	}
	c.expectPeerReads(pattern(0, 10_000))
	r.expectNone()
}

// sendPart: a full socket takes a part of a send, or nothing.
func sendPart(r *rig) {
	c := r.pair()
	defer c.end()
	sent := c.fillSocket()
	c.expectPeerReads(pattern(0, sent))
	r.turn(c.send(netio.Send, pattern(sent, 10)))
	c.expectPeerReads(pattern(sent, 10))
	r.expectNone()
}

// sendToDead: a send to a peer that is gone fails.
func sendToDead(r *rig) {
	c := r.pair()
	r.turn(c.send(netio.Send, pattern(0, 10)), c.receive())
	c.reset()
	r.expect(c.key, netio.Receive, netio.Failed)
	r.turn(c.send(netio.Send, pattern(10, 10)))
	r.expect(c.key, netio.Send, netio.Failed)
	r.turn(c.send(netio.SendRest, pattern(10, 10)))
	r.expect(c.key, netio.SendRest, netio.Failed)
	r.turn(netio.Op{Code: netio.Close, FD: c.fd})
}

// sendRestOf sends size bytes as SendRests, while the peer reads, until all have gone.
func (c *conn) sendRestOf(from, size int) {
	c.r.Helper()
	for size > 0 {
		c.r.turn(c.send(netio.SendRest, pattern(from, size)))
		var e netio.Event
		c.r.until("the rest of a send ends", func() (ok bool) {
			data, _ := c.read()
			c.seen = append(c.seen, data...)
			e, ok = c.r.claim(c.key, netio.SendRest)
			return ok
		})
		if e.Outcome != netio.Done || e.N <= 0 {
			c.r.Fatalf("event %+v of a rest", e)
		}
		from, size = from+int(e.N), size-int(e.N)
	}
}

// restWaits: a SendRest goes on when the peer has made room.
func restWaits(r *rig) {
	for _, size := range []int{1, 100_000, 2_000_000} {
		c := r.pair()
		sent := c.fillSocket()
		c.sendRestOf(sent, size)
		all := pattern(0, sent+size)
		if !bytes.HasPrefix(all, c.seen) {
			r.Fatalf("the peer has read %d bytes that are not what was sent", len(c.seen))
		}
		c.expectPeerReads(all[len(c.seen):])
		r.expectNone()
		c.end()
	}
}

// restAtOnce: a SendRest for which there is room completes without waiting.
func restAtOnce(r *rig) {
	c := r.pair()
	defer c.end()
	for i := range 3 {
		r.turn(c.send(netio.SendRest, pattern(10*i, 10)))
		if e := r.expect(c.key, netio.SendRest, netio.Done); e.N != 10 {
			r.Fatalf("event %+v: want 10 bytes", e)
		}
	}
	c.expectPeerReads(pattern(0, 30))
}

// restCancelled: the event of a cancelled SendRest says how many bytes have gone.
func restCancelled(r *rig) {
	for _, room := range []bool{false, true} {
		c := r.pair()
		sent, seen := c.fillSocket(), 0
		r.turn(c.send(netio.SendRest, pattern(sent, 4_000_000)))
		if room {
			data, _ := c.read()
			seen = len(data)
			r.turn()
			r.turn()
		}
		r.turn(c.cancel(netio.SendRest))
		e := r.await(c.key, netio.SendRest)
		switch {
		case e.Outcome == netio.Done && e.N > 0:
			sent += int(e.N)
		case e.Outcome != netio.Interrupted && e.Outcome != netio.Failed:
			r.Fatalf("event %+v of a cancelled rest", e)
		}
		r.backend.EndOutput(c.fd)
		c.expectPeerReads(pattern(0, sent)[seen:])
		r.until("the peer reads FIN", func() bool {
			data, eof := c.read()
			if len(data) > 0 {
				r.Fatalf("the peer reads %d bytes more than were sent", len(data))
			}
			return eof
		})
		c.end()
	}
}

// restCancelledAtOnce: a cancel that directly follows a SendRest still reaches it, even if
// the peer has sent FIN and does not read.
func restCancelledAtOnce(r *rig) {
	for range 20 {
		c := r.pair()
		sent := c.fillSocket()
		c.fin()
		r.turn(c.send(netio.SendRest, pattern(sent, 1000)))
		r.turn(c.cancel(netio.SendRest))
		r.await(c.key, netio.SendRest)
		c.end()
	}
}

// restToDead: a waiting SendRest fails when its connection dies.
func restToDead(r *rig) {
	c := r.pair()
	sent := c.fillSocket()
	r.turn(c.send(netio.SendRest, pattern(sent, 1000)))
	c.reset()
	r.expect(c.key, netio.SendRest, netio.Failed)
	r.turn(netio.Op{Code: netio.Close, FD: c.fd})
}

// bothDirections: a receive and a SendRest wait on one socket, and neither delays the other.
func bothDirections(r *rig) {
	c := r.pair()
	defer c.end()
	sent := c.fillSocket()
	r.turn(c.receive(), c.send(netio.SendRest, pattern(sent, 10)))
	c.write(pattern(0, 10))
	c.expectInput(pattern(0, 10))
	r.turn(c.receive())
	c.expectPeerReads(pattern(0, sent+10))
	if e := r.expect(c.key, netio.SendRest, netio.Done); e.N != 10 {
		r.Fatalf("event %+v: want 10 bytes", e)
	}
	c.write(pattern(10, 10))
	c.expectInput(pattern(10, 10))
}
