//go:build linux

package loop

import (
	"fmt"
	"iter"
	"sync/atomic"
	"unsafe"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/ringbuf"
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/server/internal/netio/simio"
)

// world is one schedule: a Thread that runs as it is and, around it, a kernel,
// peers, a batch thread and an operator. One goroutine runs all of it: the thread
// calls the kernel, and what the others do meanwhile happens within that call.
// One stream of random numbers decides everything, so a seed is a schedule.
type world struct {
	simio.Dice
	temper
	trace

	thread    *Thread
	conns     atomic.Int64 // what the thread counts them in
	kernel    *simio.Kernel
	requests  *ringbuf.Ring[batcher.Request]
	responses *ringbuf.Ring[batcher.Response]
	batch     *batchThread // nil: the thread scores its own requests
	peers     []*peer
	operator  *operator
	actors    []actor // the last three and more, on their own threads and machines

	crowds   bool // see crowded
	steps    int
	busy     bool   // an actor is moving
	hush     bool   // no peer moves until the thread has nothing to do
	hushed   bool   // that has been so, and time passed
	first    front  // in the line for room, a turn ago
	admitted uint64 // requests, by then
	refused  int    // connections closed without having been served, for being too many
	denied   int    // and for where they are from
	short    bool   // a receive found that there was no buffer
	withheld bool   // and the thread had some
	failed   string // what was found, also if a recover swallows the panic
}

// actor moves by itself, a step at a time. It reports false if it has nothing to
// do until another moves.
type actor interface{ act() bool }

func newWorld(seed uint64, crowds bool) *world {
	w := &world{Dice: simio.NewDice(seed), crowds: crowds}
	w.temper = drawTemper(w)
	w.kernel = simio.New(w.Dice, w.temper.Temper, w)
	w.build()
	w.operator = w.drawOperator()
	w.actors = append(w.actors, w.operator)
	if w.batch != nil {
		w.actors = append(w.actors, w.batch)
	}
	if w.mutes > 0 {
		w.actors = append(w.actors, &calamity{w: w})
	}
	if w.Herd {
		w.actors = append(w.actors, herd{w})
	}
	for id := range w.crowd {
		p := w.drawPeer(id)
		w.peers = append(w.peers, p)
		w.actors = append(w.actors, p)
	}
	return w
}

// Meddle implements [simio.World].
func (w *world) Meddle() {
	if w.busy {
		return
	}
	for w.IntN(4) < w.pace {
		w.let(w.actors[w.IntN(len(w.actors))])
	}
}

// Advance implements [simio.World].
func (w *world) Advance() bool {
	first := w.IntN(len(w.actors))
	for i := range w.actors {
		if w.let(w.actors[(first+i)%len(w.actors)]) {
			return true
		}
	}
	return false
}

func (w *world) let(a actor) bool {
	if _, isPeer := a.(*peer); isPeer && (w.hush || w.Frozen()) {
		return false
	}
	w.busy = true
	moved := a.act()
	w.busy = false
	if moved {
		w.steps++
		w.kernel.Moved()
	}
	return moved
}

// Frozen implements [simio.World]: after an abort the thread must end without the
// help of peers and of time. In half the worlds they give none.
func (w *world) Frozen() bool { return w.operator.aborted && w.freezes }

// Stuck implements [simio.World]. That nothing will wake the thread is a fault if
// somebody is owed something; otherwise the operator asks for the end.
func (w *world) Stuck() {
	for s := range w.accepted() {
		if owed := s.owed(w.operator.stopped); owed != "" {
			w.Fail("the thread sleeps for ever, and peer %d is owed %s", s.peer.id, owed)
		}
	}
	if w.thread.starved.count > 0 && w.thread.held < netio.ReceiveBuffers {
		w.Fail("the thread sleeps for ever, and %d connections wait for a receive buffer", w.thread.starved.count)
	}
	switch o := w.operator; {
	case w.hush:
		w.hush = false
	case !o.stopped:
		if waiting := w.kernel.Waiting(); waiting > 0 && !w.kernel.Full() {
			w.Fail("the thread sleeps for ever, and %d connections wait to be accepted", waiting)
		}
		o.stopAt = 0
	case !o.aborted:
		o.abortAt = 0
	default:
		w.Fail("the thread sleeps for ever after Abort")
	}
}

// operator stops the thread, at a step drawn in advance or once all is quiet.
type operator struct {
	w                *world
	stopAt, abortAt  int // steps
	stopped, aborted bool
	wake             bool // is due
}

func (o *operator) act() bool {
	switch {
	case o.wake:
		o.wake = false
		o.w.kernel.Signal()
	case !o.aborted && o.w.steps >= o.abortAt:
		o.w.Note("operator: Abort")
		o.stopped, o.aborted, o.wake = true, true, true
		o.w.thread.Abort()
	case !o.stopped && o.w.steps >= o.stopAt:
		o.w.Note("operator: Stop")
		for _, p := range o.w.peers {
			p.beforeStop = p.owed(p.socket.arrivedBytes())
		}
		o.stopped, o.wake = true, true
		o.w.thread.Stop()
	default:
		return false
	}
	return true
}

// fault is what a simulation panics with when it has found one.
type fault string

// Fail implements [simio.World].
func (w *world) Fail(format string, args ...any) {
	w.failed = fmt.Sprintf(format, args...)
	panic(fault(w.failed))
}

func (w *world) must(err error) {
	if err != nil {
		w.Fail("setting up: %v", err)
	}
}

// Compute implements [simio.World].
func (w *world) Compute() bool { return w.batch != nil && w.let(w.batch) }

// Turn implements [simio.World].
func (w *world) Turn() { w.checkThread() }

// Delivered implements [simio.World]: it notes which peers have kept the thread
// waiting.
func (w *world) Delivered() {
	for s := range w.accepted() {
		if !s.Closed && s.Key != 0 && !s.late && s.overdue() {
			s.late, s.due = true, s.peer.owed(s.seen)
		}
	}
}

// Ready implements [simio.World].
func (w *world) Ready() bool { return w.thread.responses.Ready() }

// Starves implements [simio.World].
func (w *world) Starves() {
	w.short = true
	w.withheld = w.withheld || len(w.thread.spare) > 0
}

// Sends implements [simio.World].
func (w *world) Sends(data []byte) {
	block, lo := w.place(data)
	if hi := lo + len(data); hi > w.limits.OutputBytes || len(data) == 0 {
		w.Fail("sends bytes %d to %d of block %d", lo, hi, block)
	}
}

// place is the block that data is in, and where in it.
func (w *world) place(data []byte) (block blocks.ID, lo int) {
	store := w.thread.outputs
	at := int(uintptr(unsafe.Pointer(unsafe.SliceData(data))) - uintptr(unsafe.Pointer(&store.Bytes(0)[0])))
	if at < 0 || at >= 2*w.limits.Conns*store.Size() {
		w.Fail("sends memory that is not answers")
	}
	return blocks.ID(at / store.Size()), at % store.Size()
}

// now is the tick that the thread lives in.
func (w *world) now() int { return int(w.kernel.Ticks) }

// accepted is the sockets of all connections that ever were accepted.
func (w *world) accepted() iter.Seq[*socket] {
	return func(yield func(*socket) bool) {
		for _, s := range w.kernel.Accepted() {
			if !yield(s.Peer.(*socket)) {
				return
			}
		}
	}
}
