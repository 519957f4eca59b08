//go:build linux

package loop

import (
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/ringbuf"
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/wire"
)

// idleKernel does nothing but note which descriptors were closed. Tests complete operations
// by hand.
type idleKernel struct {
	closed []int32
	buffer []byte // every receive buffer
	unread int
}

func (*idleKernel) Turn([]netio.Op, bool) ([]netio.Event, error) { return nil, nil }
func (*idleKernel) Untaken() int                                 { return 0 }
func (*idleKernel) Pending() bool                                { return false }
func (k *idleKernel) Buffer(_ int16, n int) []byte               { return k.buffer[:n] }
func (*idleKernel) Recycle(int16)                                {}
func (k *idleKernel) Unread(int32) int                           { return k.unread }
func (*idleKernel) AcceptNow(int32) (int32, netio.Outcome)       { return -1, netio.Interrupted }
func (*idleKernel) Peer(int32) netip.Addr                        { return netip.Addr{} }
func (*idleKernel) EndOutput(int32)                              {}
func (k *idleKernel) CloseNow(fd int32)                          { k.closed = append(k.closed, fd) }
func (*idleKernel) Busy() uint64                                 { return 0 }
func (*idleKernel) Free() error                                  { return nil }

const idleListener = 77

func idleThread(t *testing.T) (*Thread, *idleKernel) {
	t.Helper()
	requests, err := ringbuf.NewSPSC[batcher.Request](64, nil)
	if err != nil {
		t.Fatal(err)
	}
	responses, err := ringbuf.NewSPSC[batcher.Response](64, nil)
	if err != nil {
		t.Fatal(err)
	}
	format, kernel := wire.Format{Dim: 1, Outputs: 1, MaxVectors: 4}, &idleKernel{}
	th, err := New(Config{
		Format: format, Backend: kernel, Listeners: []Listener{{FD: idleListener, TCP: true}}, Conns: new(atomic.Int64),
		Limits:   Limits{Conns: 8, InFlight: 64, PoolBytes: 4096, OutputBytes: OutputBytes(format)},
		Requests: requests.Producer(), Responses: responses.Consumer(),
		Batches: make([]batcher.Batch, responses.Capacity()), Clock: func() int64 { return 0 },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { th.Close() })
	return th, kernel
}

func acceptEvent(outcome netio.Outcome, fd int32) *netio.Event {
	return &netio.Event{Code: netio.Accept, Outcome: outcome, N: fd, Buffer: netio.NoBuffer}
}

// TestAbortIsNotTakenBack: a Stop after an Abort changes nothing.
func TestAbortIsNotTakenBack(t *testing.T) {
	th, _ := idleThread(t)
	th.adopt(&th.listeners[0], 5)
	th.Abort()
	th.Stop()
	th.checkStop()
	for _, c := range th.conns.All() {
		if c.phase != closing {
			t.Errorf("after Abort and Stop a connection is in phase %d", c.phase)
		}
	}
}

// TestAbortOfSilence: an abort that closes a connection on which nothing has arrived cuts nothing.
func TestAbortOfSilence(t *testing.T) {
	th, _ := idleThread(t)
	th.adopt(&th.listeners[0], 5)
	th.Abort()
	th.checkStop()
	if th.Cut() {
		t.Error("the connection counts as cut")
	}
}

// TestAbortReachesTheLast: Abort also closes connections that are accepted after it.
func TestAbortReachesTheLast(t *testing.T) {
	th, _ := idleThread(t)
	th.armAccepts()
	th.Abort()
	th.checkStop()
	th.dispatch(acceptEvent(netio.DoneMore, 9))
	th.dispatch(acceptEvent(netio.Interrupted, 0))
	th.checkStop()
	if th.conns.Len() != 1 {
		t.Fatalf("%d connections, want 1", th.conns.Len())
	}
	for _, c := range th.conns.All() {
		if c.phase != closing {
			t.Errorf("a connection accepted after Abort is in phase %d", c.phase)
		}
	}
}

// TestListenerIsClosedOnce: a drain closes the listener once, however its accept ends.
func TestListenerIsClosedOnce(t *testing.T) {
	for _, outcome := range []netio.Outcome{netio.Interrupted, netio.Failed} {
		th, kernel := idleThread(t)
		th.armAccepts()
		th.Stop()
		th.checkStop()
		if th.done() {
			t.Errorf("outcome %d: the thread is done before the accept has ended", outcome)
		}
		th.dispatch(acceptEvent(outcome, 0))
		th.checkStop()
		if !th.done() || len(kernel.closed) != 1 || kernel.closed[0] != idleListener {
			t.Errorf("outcome %d: done is %v, closed are %v, want the listener, once", outcome, th.done(), kernel.closed)
		}
	}
}

// TestFailingAcceptRests: after an accept failed, the listener rests until a tick, so that
// the thread does not loop.
func TestFailingAcceptRests(t *testing.T) {
	for _, outcome := range []netio.Outcome{netio.Failed, netio.Interrupted} {
		th, _ := idleThread(t)
		th.armAccepts()
		th.ops = th.ops[:0]
		th.dispatch(acceptEvent(outcome, 0))
		if len(th.ops) != 0 {
			t.Errorf("outcome %d: accepts again at once", outcome)
		}
		th.armTick()
		th.tick()
		if th.listeners[0].state != accepting {
			t.Errorf("outcome %d: does not accept after a tick", outcome)
		}
	}
}

// TestWornSlots: a connection that finds every slot worn out, which takes billions of
// connections, is refused.
func TestWornSlots(t *testing.T) {
	th, _ := idleThread(t)
	for {
		if _, ok := th.conns.Insert(newConn(5)); !ok {
			break
		}
	}
	th.adopt(&th.listeners[0], 6)
	if th.tally.Refused != 1 || th.tally.Accepted != 0 || th.cfg.Conns.Load() != 0 {
		t.Errorf("%d refused, %d accepted, %d counted", th.tally.Refused, th.tally.Accepted, th.cfg.Conns.Load())
	}
}

// TestPeersTimeOnly: time during which the thread does not receive does not count against
// the peer. The time before that does.
func TestPeersTimeOnly(t *testing.T) {
	th, _ := idleThread(t)
	th.cfg.Limits.RequestTicks = 5
	th.adopt(&th.listeners[0], 5)
	c := th.conns.Get(th.dirty[0])
	elapse := func(ticks int) {
		for range ticks {
			th.tick()
			th.sweepTimeouts()
		}
	}
	received := &netio.Event{Key: uint64(c.key), Code: netio.Receive, Outcome: netio.Interrupted, Buffer: netio.NoBuffer}
	th.arm(c)
	th.savePartial(c, []byte{1, 0, 0})
	elapse(2)
	th.dispatch(received)
	elapse(100)
	th.arm(c)
	elapse(3)
	if c.phase != open {
		t.Error("ended after 5 ticks of the peer's time, with 5 allowed")
	}
	elapse(1)
	if c.phase == open {
		t.Error("not ended after 6 ticks of the peer's time, with 5 allowed")
	}
}

// TestGonePeer: where headers may be required, a connection whose peer is gone is closed: nothing
// tells whether it had to send one.
func TestGonePeer(t *testing.T) {
	th, _ := idleThread(t) // whose kernel knows no address
	th.cfg.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	th.adopt(&th.listeners[0], 5)
	th.listeners[0].TCP = false
	th.adopt(&th.listeners[0], 6)
	for _, c := range th.conns.All() {
		if want := map[int32]phase{5: closing, 6: open}[c.fd]; c.phase != want {
			t.Errorf("the connection of descriptor %d is in phase %d, want %d", c.fd, c.phase, want)
		}
	}
}

// TestExtraBytes: a block of output has room for the longest welcome, the notice that the server
// is going away, the failure of a count and the notices of other models, beside answers.
func TestExtraBytes(t *testing.T) {
	extra := wire.AppendWelcome(nil, wire.Welcome{
		Model: strings.Repeat("m", wire.MaxNameBytes), Sentence: strings.Repeat("s", wire.JudgeSentenceBytes),
	})
	extra = wire.AppendFailure(wire.AppendGoingAway(extra), wire.CountDenied, 0)
	for range maxModelNotices {
		extra = wire.AppendNotice(extra, wire.AnotherModel, make([]byte, len(wire.Identity{})))
	}
	if len(extra) > extraBytes {
		t.Errorf("%d bytes, with room for %d", len(extra), extraBytes)
	}
	th := &Thread{format: wire.Default, dim: wire.DefaultDim}
	th.cfg.Limits = Limits{Conns: 1, PoolBytes: 64 << 10, OutputBytes: 64 << 10} // whole pages, without room to spare
	if err := th.makeMemory(); err != nil {
		t.Fatal(err)
	}
	defer th.Close()
	if size := th.outputs.Size(); size < th.cfg.Limits.OutputBytes+len(extra) {
		t.Errorf("a block has %d bytes, of which answers may take %d", size, th.cfg.Limits.OutputBytes)
	}
}

// TestRowsBeyond4GiB: a byte offset above 32 bits gives the right row.
func TestRowsBeyond4GiB(t *testing.T) {
	th, _ := idleThread(t)
	th.rowBytes = 1 << 10
	offset := th.rowBytes * 5 << 20
	if got := th.row(offset); got != 5<<20 {
		t.Errorf("byte %d is in row %d, want %d", offset, got, 5<<20)
	}
}

// TestTooLittleAddressSpace: when New runs out of memory, Close frees what was made.
func TestTooLittleAddressSpace(t *testing.T) {
	format := wire.Format{Dim: 64, Outputs: 1, MaxVectors: 65535}
	th := &Thread{format: format, dim: format.Dim}
	th.cfg.Limits = Limits{Conns: 1 << 20, PoolBytes: 4096, OutputBytes: 128 << 20} // 256 TiB of answers
	if err := th.makeMemory(); err == nil {
		t.Fatal("256 TiB were reserved")
	}
	if err := th.Close(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("the pool is still open")
		}
	}()
	th.pool.Memory()
}
