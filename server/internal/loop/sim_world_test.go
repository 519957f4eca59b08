//go:build linux

package loop

import (
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"unsafe"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/ringbuf"
	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/server/internal/netio/simio"
)

// world is one schedule: the real Thread and, around it, a simulated kernel, peers, a batch
// thread and an operator. All of it runs in one goroutine. The thread calls the kernel, and
// the others move within that call. One stream of random numbers makes every decision, so a
// seed determines a schedule.
type world struct {
	simio.Dice
	temper
	trace
	v2 version2
	balancers
	models

	thread    *Thread
	clock     virtual
	conns     atomic.Int64 // Config.Conns
	kernel    *simio.Kernel
	requests  *ringbuf.Ring[batcher.Request]
	responses *ringbuf.Ring[batcher.Response]
	batch     *batchThread // nil: the thread scores its own requests
	peers     []*peer
	operator  *operator
	actors    []actor // the batch thread, the peers, the operator and more

	noteCall func(rows []float32, stride, count int) // of the model; nil: not called
	variety
	steps    int    // taken by all actors
	busy     bool   // an actor is moving
	quiet    bool   // no peer moves until the thread has nothing left to do
	wasQuiet bool   // quiet was set before, and time passed meanwhile
	first    front  // the first stalled connection, a turn ago
	admitted uint64 // requests admitted by then
	refused  int    // connections that the thread refused because there were too many
	denied   int    // connections that the thread denied because of their address
	short    bool   // a receive found no buffer
	withheld bool   // a receive found no buffer while the thread had spare ones
	drain    spreadSeen
	allIdle  bool   // the operator aborted when no connection was owed anything
	failed   string // the fault found; kept in case a recover swallows the panic
}

// actor moves on its own, one step at a time. act reports false if the actor can do nothing
// until another actor moves.
type actor interface{ act() bool }

func newWorld(seed uint64, of variety) *world {
	w := &world{Dice: simio.NewDice(seed), variety: of}
	w.temper = drawTemper(w)
	w.temper.ReceiveBytes = ReceiveBytes(w.temper.format)
	w.v2 = w.drawV2(seed)
	w.drawEnds(seed)
	w.drawBalancers(seed)
	w.enough = simio.Pick(w.v2.dice, 1, 1, w.v2.dice.Between(2, 8), 64)
	w.models = drawModels(seed)
	w.kernel = simio.New(w.Dice, w.temper.Temper, w)
	w.build()
	w.operator = w.drawOperator()
	w.actors = append(w.actors, w.operator)
	if w.batch != nil {
		w.actors = append(w.actors, w.batch)
	}
	if w.mutes > 0 {
		w.actors = append(w.actors, &cutOff{w: w})
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

// Interleave implements [simio.World].
func (w *world) Interleave() {
	if w.busy {
		return
	}
	for w.IntN(4) < w.pace {
		w.step(w.actors[w.IntN(len(w.actors))])
	}
}

// Advance implements [simio.World].
func (w *world) Advance() bool {
	first := w.IntN(len(w.actors))
	for i := range w.actors {
		if w.step(w.actors[(first+i)%len(w.actors)]) {
			return true
		}
	}
	return false
}

func (w *world) step(a actor) bool {
	if _, isPeer := a.(*peer); isPeer && (w.quiet || w.Frozen()) {
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

// Frozen implements [simio.World]. After an abort the thread must end without the help of
// peers and of time. In half of the worlds neither helps.
func (w *world) Frozen() bool { return w.operator.aborted && w.freezes }

// Stuck implements [simio.World]: nothing will wake the thread. That is a fault if the thread
// owes a peer something. Otherwise the operator ends the world.
func (w *world) Stuck() {
	for s := range w.accepted() {
		if owed := s.owed(w.operator.stopped); owed != "" {
			w.Fail("the thread sleeps for ever, and peer %d is owed %s", s.peer.id, owed)
		}
	}
	if w.replacing() {
		w.Fail("the thread sleeps for ever, and another model is to take the place of model %d", w.thread.model)
	}
	if w.thread.starved.count > 0 && w.thread.held < netio.ReceiveBuffers {
		w.Fail("the thread sleeps for ever, and %d connections wait for a receive buffer", w.thread.starved.count)
	}
	switch o := w.operator; {
	case w.quiet:
		w.quiet = false
	case !o.stopped:
		if waiting := w.kernel.Waiting(); waiting > 0 && !w.kernel.Full() {
			w.Fail("the thread sleeps for ever, and %d connections wait to be accepted", waiting)
		}
		o.stopAt = 0
	case !o.aborted:
		o.abortAt, w.allIdle = 0, w.idle()
	default:
		w.Fail("the thread sleeps for ever after Abort")
	}
}

// operator stops the thread, at a step drawn in advance or once nothing moves any more.
type operator struct {
	w                *world
	stopAt, abortAt  int // in steps of the world
	stopped, aborted bool
	wake             bool // the operator must signal the thread next
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
	case !o.stopped && (o.w.steps >= o.stopAt || o.w.v2.early && slices.ContainsFunc(o.w.peers, (*peer).sendsHello)):
		o.w.Note("operator: Stop")
		for _, p := range o.w.peers {
			p.beforeStop = p.socket.arrivedBytes()
		}
		o.w.drain.conns -= o.w.kernel.Closed()
		o.stopped, o.wake = true, true
		o.w.thread.Stop()
	default:
		return false
	}
	return true
}

// fault is the panic value of a simulation that has found a fault.
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
func (w *world) Compute() bool { return w.batch != nil && w.step(w.batch) }

// Turn implements [simio.World].
func (w *world) Turn() {
	w.noteDismissed()
	w.checkDismissed()
	w.replaceModel()
	w.checkThread()
}

// Delivered implements [simio.World]. It notes which peers have kept the thread waiting for
// too long, and which ones have ignored that the server goes away.
func (w *world) Delivered() {
	for s := range w.accepted() {
		if !s.Closed && s.Key != 0 && !s.late && (s.overdue(0) || s.outstayed()) {
			s.outstays = !s.overdue(0)
			s.late, s.due = true, s.seen
		}
		s.checkPatience()
	}
}

// Ready implements [simio.World].
func (w *world) Ready() bool { return w.thread.responses.Ready() }

// LacksBuffer implements [simio.World].
func (w *world) LacksBuffer() {
	w.short = true
	w.withheld = w.withheld || len(w.thread.spare) > 0
}

// CheckMemory implements [simio.World].
func (w *world) CheckMemory(data []byte) {
	block, lo := w.place(data)
	if hi := lo + len(data); hi > w.limits.OutputBytes+extraBytes || len(data) == 0 {
		w.Fail("sends bytes %d to %d of block %d", lo, hi, block)
	}
}

// place returns the block that holds data, and the offset of data in it.
func (w *world) place(data []byte) (block blocks.ID, lo int) {
	store := w.thread.outputs
	at := int(uintptr(unsafe.Pointer(unsafe.SliceData(data))) - uintptr(unsafe.Pointer(&store.Bytes(0)[0])))
	if at < 0 || at >= 2*w.limits.Conns*store.Size() {
		w.Fail("sends memory that is not answers")
	}
	return blocks.ID(at / store.Size()), at % store.Size()
}

// now returns the tick in which the thread is.
func (w *world) now() int { return int(w.kernel.Ticks) }

// accepted returns the sockets of all connections that were ever accepted.
func (w *world) accepted() iter.Seq[*socket] {
	return func(yield func(*socket) bool) {
		for _, s := range w.kernel.Accepted() {
			if !yield(s.Peer.(*socket)) {
				return
			}
		}
	}
}
