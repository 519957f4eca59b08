//go:build linux

package netiotest

import (
	"testing"
	"time"

	"github.com/disrust/disrust/eventfd"
	"github.com/disrust/disrust/server/internal/netio"
	"golang.org/x/sys/unix"
)

func (r *rig) eventfd() *eventfd.EventFD {
	r.Helper()
	e, err := eventfd.New()
	r.check("eventfd", err)
	return e
}

// wake: a Wake has one event for all signals before it, whether the eventfd was signalled
// before or after the operation began.
func wake(r *rig) {
	e, key := r.eventfd(), r.key()
	defer e.Close()
	op := netio.Op{Code: netio.Wake, Key: key, FD: int32(e.FD())}
	r.turn(op)
	r.expectNone()
	for range 3 {
		e.Signal()
		r.expect(key, netio.Wake, netio.Done)
		e.Signal()
		e.Signal()
		r.expectNone()
		r.turn(op)
		r.expect(key, netio.Wake, netio.Done)
		r.turn(op)
		r.expectNone()
	}
	r.turn(netio.Op{Code: netio.Cancel, Key: key, FD: op.FD, Target: netio.Wake})
	r.expect(key, netio.Wake, netio.Interrupted)
	r.turn(netio.Op{Code: netio.Close, FD: op.FD})
}

// tick: a tick takes its full time, in turns that wait and in turns that do not.
func tick(r *rig) {
	key := r.key()
	for _, block := range []bool{true, false} {
		begin := time.Now()
		r.turn(netio.Op{Code: netio.Tick, Key: key})
		for len(r.events) == 0 {
			if block || r.backend.Pending() {
				r.take(r.backend.Turn(nil, block))
			}
		}
		if took := time.Since(begin); took < netio.TickLength {
			r.Fatalf("the tick took %v, want %v", took, netio.TickLength)
		}
		r.expect(key, netio.Tick, netio.Done)
	}
	r.turn(netio.Op{Code: netio.Tick, Key: key})
	r.turn(netio.Op{Code: netio.Cancel, Key: key, Target: netio.Tick})
	r.expect(key, netio.Tick, netio.Interrupted)
}

// cancelOfNothing: a cancel that finds no operation does nothing, unless it is the cancel of a
// SendRest, which gives up the connection.
func cancelOfNothing(r *rig) {
	c := r.pair()
	defer c.end()
	for _, target := range []netio.Code{netio.Receive, netio.Tick, netio.Wake} {
		r.turn(c.cancel(target))
	}
	c.write(pattern(0, 10))
	r.turn(c.receive())
	c.expectInput(pattern(0, 10))
	r.turn(c.cancel(netio.Receive))
	r.expectNone()
}

// closeThenReuse: no event of a closed connection reaches the next connection with the same
// descriptor.
func closeThenReuse(r *rig) {
	l := r.listen()
	defer r.backend.CloseNow(l.fd)
	c := r.pairAt(l)
	for range 20 {
		r.turn(c.receive())
		c.write(pattern(0, 10)) // the backend may or may not notice
		if c.key%2 == 0 {
			r.backend.Pending()
		}
		r.turn(c.cancel(netio.Receive))
		r.bytes(r.await(c.key, netio.Receive))
		last := c.fd
		c.end()
		c = r.pairAt(l)
		for c.fd != last && c.fd > last { // the kernel gives the lowest free descriptor
			c.end()
			c = r.pairAt(l)
		}
		r.turn(c.receive())
		r.expectNone()
		c.write(pattern(5, 10))
		c.expectInput(pattern(5, 10))
	}
	c.end()
}

// socketQueries: the calls that query a socket return what is true of it.
func socketQueries(r *rig) {
	c := r.pair()
	defer c.end()
	if n := r.backend.Unread(c.fd); n != 0 {
		r.Fatalf("%d bytes unread of none", n)
	}
	c.write(pattern(0, 77))
	r.until("all has arrived", func() bool { return r.backend.Unread(c.fd) == 77 })
	peer := r.backend.Peer(c.fd)
	if r.family == unix.AF_INET && peer.String() != "127.0.0.1" || r.family == unix.AF_UNIX && peer.IsValid() {
		r.Fatalf("the peer is %v", peer)
	}
	r.turn(c.send(netio.Send, pattern(0, 5)))
	r.backend.EndOutput(c.fd)
	c.expectPeerReads(pattern(0, 5))
	r.until("the peer reads FIN", func() bool { _, eof := c.read(); return eof })
	if n := r.backend.Busy(); n != 0 {
		r.Fatalf("busy %d times", n)
	}
	if n := r.backend.Untaken(); n != 0 {
		r.Fatalf("%d operations not taken", n)
	}
}

// sleeperWakes: an event of any kind that another thread causes ends a wait.
func sleeperWakes(r *rig) {
	l, e := r.listen(), r.eventfd()
	defer e.Close()
	full, c := r.pairAt(l), r.pairAt(l)
	defer full.end()
	defer c.end()
	sent := full.fillSocket()
	rest := pattern(sent, 10)
	r.turn(netio.Op{Code: netio.Accept, Key: r.key(), FD: l.fd}, c.receive(), full.send(netio.SendRest, rest),
		netio.Op{Code: netio.Wake, Key: c.key, FD: int32(e.FD())})
	happen := func(code netio.Code, key uint64, what func()) netio.Event {
		done := make(chan struct{})
		go func() { defer close(done); what() }()
		event := r.await(key, code)
		<-done
		return event
	}
	r.bytes(happen(netio.Receive, c.key, func() { unix.Write(c.peer.fd, pattern(0, 10)) }))
	happen(netio.Wake, c.key, func() { e.Signal() })
	happen(netio.SendRest, full.key, func() {
		for buffer, n := make([]byte, 1<<20), 0; n < sent; {
			got, _ := unix.Read(full.peer.fd, buffer)
			n += max(got, 0)
		}
	})
	fd := r.socket()
	defer unix.Close(fd)
	conn := happen(netio.Accept, r.keys, func() { unix.Connect(fd, l.addr) })
	r.closeAll([]int32{conn.N})
	r.turn(netio.Op{Code: netio.Cancel, Key: r.keys, FD: l.fd, Target: netio.Accept})
	r.expect(r.keys, netio.Accept, netio.Interrupted)
	r.backend.CloseNow(l.fd)
}

// pingPongAllocatesNothing: serving a request and its answer repeatedly allocates nothing.
func pingPongAllocatesNothing(r *rig) {
	c := r.pair()
	defer c.end()
	request, answer := pattern(0, 516), pattern(0, 8)
	read := make([]byte, 100)
	ops := []netio.Op{c.send(netio.Send, answer), c.receive()}
	r.turn(c.receive())
	serve := func() {
		unix.Write(c.peer.fd, request)
		for events := []netio.Event(nil); len(events) == 0; {
			if events, _ = r.backend.Turn(nil, true); len(events) > 0 {
				r.backend.Recycle(events[0].Buffer)
			}
		}
		r.backend.Turn(ops, false)
		unix.Read(c.peer.fd, read)
	}
	serve()
	if n := testing.AllocsPerRun(200, serve); n != 0 {
		r.Fatalf("%v allocations per request", n)
	}
	r.turn(c.cancel(netio.Receive))
	r.expect(c.key, netio.Receive, netio.Interrupted)
}
