//go:build linux

package iothread

import (
	"net/netip"
	"slices"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/ringbuf"
	"github.com/disrust/disrust/slab"
	"github.com/disrust/disrust/uring"
	"golang.org/x/sys/unix"
)

const (
	listenerFD = 3
	wakeFD     = 4
	firstFD    = 5

	// patience is how often a thread that looks for work finds none before the
	// world has to move.
	patience = 20
	// maxTurns is more than any schedule needs: beyond it the thread is in a loop.
	maxTurns = 300_000
)

// kernel is a simulated [Kernel], as strict as the real one is where it matters:
// what the real one would turn into corruption or into a leak is a fault here.
type kernel struct {
	w         *world
	requests  *ringbuf.Ring[batcher.Request]
	responses *ringbuf.Ring[batcher.Response]

	sockets    []*socket // by descriptor, from firstFD on; nil: free
	accepted   []*socket // all that ever were
	listening  bool
	backlog    []*socket
	refused    int  // connections closed without having been served, for being too many
	denied     int  // and for where they are from
	barred     bool // accepting has failed, and nothing has changed since
	acceptErrs int  // delivered

	inFlight  []*operation
	completed []uring.CQE
	delivered []uring.CQE
	buffers   buffers
	short     bool // a receive found that there was none
	withheld  bool // and the thread had some

	refuses   bool   // to take all of a turn: the thread is to clean up and end
	untaken   int    // of that turn's operations
	wakes     uint64 // the eventfd's count
	turns     int
	ticks     uint32 // delivered
	idleTicks int    // since anybody moved
	looks     int    // since the last turn
}

func newKernel(w *world) *kernel {
	k := &kernel{w: w, listening: true}
	k.buffers.reset(w)
	return k
}

// Turn implements [Kernel]: the operations start in order, everybody moves a
// little, and some of what can complete does.
func (k *kernel) Turn(ops []uring.SQE, block bool) ([]uring.CQE, error) {
	if k.turns++; k.turns > maxTurns {
		k.w.fail("%d turns: the thread does not come to rest", k.turns)
	}
	clear(k.delivered)
	if k.turns == k.w.refusal {
		k.refuse(ops)
		return nil, errTurn
	}
	k.w.checkThread()
	k.looks = 0
	k.buffers.publish()
	k.w.meddle()
	for i := range ops {
		k.submit(&ops[i])
	}
	k.w.meddle()
	k.work()
	for block && len(k.completed) == 0 {
		k.move()
	}
	return k.deliver(), nil
}

// refuse takes some of a turn's operations.
func (k *kernel) refuse(ops []uring.SQE) {
	taken := k.w.IntN(len(ops) + 1)
	for i := range ops[:taken] {
		k.submit(&ops[i])
	}
	k.refuses, k.untaken = true, len(ops)-taken
}

// Untaken implements [Kernel].
func (k *kernel) Untaken() int { return k.untaken }

// Pending implements [Kernel].
func (k *kernel) Pending() bool {
	k.w.meddle()
	k.work()
	if k.looks++; k.looks > maxTurns {
		k.w.fail("the thread looks for work %d times and does not see it", k.looks)
	}
	if k.looks > patience && len(k.completed) == 0 && !k.w.thread.responses.Ready() {
		k.move()
	}
	return len(k.completed) > 0
}

// Unread implements [Kernel].
func (k *kernel) Unread(fd int32) int {
	s := k.open(fd)
	for _, o := range k.inFlight {
		if o.socket == s && o.code == opRecv {
			k.w.fail("asked how much there is unread while a receive is under way")
		}
	}
	k.w.meddle()
	if s.dead {
		return 0
	}
	return s.arrived - s.received
}

// EndOutput implements [Kernel].
func (k *kernel) EndOutput(fd int32) {
	s := k.open(fd)
	k.w.note("thread: FIN on descriptor %d", fd)
	s.end()
	k.w.meddle()
}

// Accept implements [Kernel].
func (k *kernel) Accept(listener int) (int32, error) {
	for _, o := range k.inFlight {
		if o.code == opAccept && !k.refuses {
			k.w.fail("accepts while an accept is under way")
		}
	}
	if listener != listenerFD || !k.listening {
		k.w.fail("accepts on descriptor %d, with the listener open: %t", listener, k.listening)
	}
	k.w.meddle()
	switch {
	case len(k.backlog) == 0:
		return -1, unix.EAGAIN
	case k.full():
		k.acceptErrs++
		return -1, unix.EMFILE
	}
	fd := k.install(k.backlog[0])
	k.backlog = k.backlog[1:]
	k.delivers(fd)
	return fd, nil
}

// Peer implements [Kernel].
func (k *kernel) Peer(fd int32) netip.Addr { return k.open(fd).peer.addr }

// Close implements [Kernel]: it closes the listener, and resets who waits there.
func (k *kernel) Close(fd int) {
	if k.refuses && fd != listenerFD {
		k.open(int32(fd)).close()
		k.sockets[fd-firstFD] = nil
		return
	}
	if !k.listening || fd != listenerFD {
		k.w.fail("descriptor %d closed, with the listener open: %t", fd, k.listening)
	}
	for _, o := range k.inFlight {
		if o.code == opAccept && !k.refuses {
			k.w.fail("listener closed with the accept under way")
		}
	}
	if len(k.backlog) > 0 && !k.full() && !k.refuses {
		k.w.fail("listener closed with %d connections waiting to be accepted", len(k.backlog))
	}
	k.listening = false
	for _, s := range k.backlog {
		s.closed, s.reset = true, true
	}
	k.backlog = nil
}

// work completes some of what can complete, in any order; all, if eager.
func (k *kernel) work() {
	if k.w.hasty && k.w.oneIn(10) {
		k.expire()
	}
	for again := true; again; {
		again = false
		for _, o := range slices.Clone(k.inFlight) {
			if k.ready(o) && (k.w.eager || k.w.herd && o.code == opRecv || k.w.oneIn(2)) {
				k.perform(o)
				again = k.w.eager
			}
		}
		if k.w.eager && k.w.batch != nil && k.w.let(k.w.batch) {
			again = true
		}
	}
}

// move has something happen while the thread sleeps: an operation completes,
// somebody moves, or else time passes. If nothing can happen, nothing ever will.
func (k *kernel) move() {
	switch {
	case k.w.oneIn(2) && k.performOne():
	case k.w.advance():
	case k.performOne():
	case !k.w.frozen() && k.idleTicks < 3*lingerTicks && k.expire():
	default:
		k.w.stuck()
	}
}

func (k *kernel) performOne() bool {
	if len(k.inFlight) == 0 {
		return false
	}
	first := k.w.IntN(len(k.inFlight))
	for i := range k.inFlight {
		if o := k.inFlight[(first+i)%len(k.inFlight)]; k.ready(o) {
			k.perform(o)
			return true
		}
	}
	return false
}

// expire ends a timeout.
func (k *kernel) expire() bool {
	for _, o := range k.inFlight {
		if o.code == opTick {
			k.idleTicks++
			k.finish(o, -int32(unix.ETIME), 0)
			return true
		}
	}
	return false
}

// signal adds to the eventfd that the thread is woken by.
func (k *kernel) signal() { k.wakes++ }

// deliver hands over all completions. Only those of one operation have an order.
func (k *kernel) deliver() []uring.CQE {
	for i := len(k.completed) - 1; i > 0; i-- {
		if a, b := &k.completed[i-1], &k.completed[i]; a.UserData != b.UserData && k.w.oneIn(2) {
			*a, *b = *b, *a
		}
	}
	k.delivered = append(k.delivered[:0], k.completed...)
	k.completed = k.completed[:0]
	for i := range k.delivered {
		e := &k.delivered[i]
		key, code := slab.Unpack(e.UserData)
		k.w.note("thread: %s of %d completes with %d, flags %#x", names[code], key.Index(), int(e.Res), int(e.Flags))
		switch code {
		case opTick:
			k.ticks++
			k.barred = false
		case opAccept:
			k.delivers(e.Res)
		case opRecv:
			k.tell(key)
		}
	}
	for _, s := range k.sockets {
		if s != nil && s.key != 0 && !s.late && s.overdue() {
			s.late, s.due = true, s.peer.owed(s.seen)
		}
	}
	return k.delivered
}

// tell is the outcome of a receive reaching the thread.
func (k *kernel) tell(key slab.Key) {
	for _, s := range k.sockets {
		if s != nil && s.key == key {
			s.tell()
		}
	}
}

// delivers is the outcome of an accept reaching the thread.
func (k *kernel) delivers(res int32) {
	if res >= 0 {
		s := k.open(res)
		s.acceptTurn, s.stirred = k.turns, int(k.ticks)
	}
	if k.barred = res < 0; k.barred {
		k.acceptErrs++
	}
}

// open is the connection of a descriptor.
func (k *kernel) open(fd int32) *socket {
	if i := int(fd) - firstFD; i >= 0 && i < len(k.sockets) && k.sockets[i] != nil {
		return k.sockets[i]
	}
	k.w.fail("descriptor %d is not open", fd)
	return nil
}

// full: the process may not open another descriptor.
func (k *kernel) full() bool { return k.connections() >= k.w.descriptors }

func (k *kernel) connections() int {
	count := 0
	for _, s := range k.sockets {
		if s != nil {
			count++
		}
	}
	return count
}
