//go:build linux

package iothread

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
)

// world is one schedule: a Thread that runs as it is and, around it, a kernel,
// peers, a batch thread and an operator. One goroutine runs all of it: the thread
// calls the kernel, and what the others do meanwhile happens within that call.
// One stream of random numbers decides everything, so a seed is a schedule.
type world struct {
	*rand.Rand
	temper
	trace

	thread   *Thread
	conns    atomic.Int64 // what the thread counts them in
	kernel   *kernel
	batch    *batchThread // nil: the thread scores its own requests
	peers    []*peer
	operator *operator
	actors   []actor // the last three and more, on their own threads and machines

	crowds   bool // see crowded
	steps    int
	busy     bool   // an actor is moving
	hush     bool   // no peer moves until the thread has nothing to do
	hushed   bool   // that has been so, and time passed
	first    front  // in the line for room, a turn ago
	admitted uint64 // requests, by then
	failed   string // what was found, also if a recover swallows the panic
}

// actor moves by itself, a step at a time. It reports false if it has nothing to
// do until another moves.
type actor interface{ act() bool }

func newWorld(seed uint64, crowds bool) *world {
	w := &world{Rand: rand.New(rand.NewPCG(seed, 0)), crowds: crowds}
	w.temper = drawTemper(w)
	w.kernel = newKernel(w)
	w.build()
	w.operator = w.drawOperator()
	w.actors = append(w.actors, w.operator)
	if w.batch != nil {
		w.actors = append(w.actors, w.batch)
	}
	if w.mutes > 0 {
		w.actors = append(w.actors, &calamity{w: w})
	}
	if w.temper.herd {
		w.actors = append(w.actors, herd{w})
	}
	for id := range w.crowd {
		p := w.drawPeer(id)
		w.peers = append(w.peers, p)
		w.actors = append(w.actors, p)
	}
	return w
}

// meddle lets the others move, as they may at any time: some steps or none.
func (w *world) meddle() {
	if w.busy {
		return
	}
	for w.IntN(4) < w.pace {
		w.let(w.actors[w.IntN(len(w.actors))])
	}
}

// advance lets one of those move who can. False: nobody can.
func (w *world) advance() bool {
	first := w.IntN(len(w.actors))
	for i := range w.actors {
		if w.let(w.actors[(first+i)%len(w.actors)]) {
			return true
		}
	}
	return false
}

func (w *world) let(a actor) bool {
	if _, isPeer := a.(*peer); isPeer && (w.hush || w.frozen()) {
		return false
	}
	w.busy = true
	moved := a.act()
	w.busy = false
	if moved {
		w.steps++
		w.kernel.idleTicks = 0
	}
	return moved
}

// frozen: after an abort the thread must end without the help of peers and of
// time. In half the worlds they give none.
func (w *world) frozen() bool { return w.operator.aborted && w.freezes }

// stuck is called when the thread sleeps and nothing will wake it. That is a
// fault if somebody is owed something; otherwise the operator asks for the end.
func (w *world) stuck() {
	for _, s := range w.kernel.accepted {
		if owed := s.owed(w.operator.stopped); owed != "" {
			w.fail("the thread sleeps for ever, and peer %d is owed %s", s.peer.id, owed)
		}
	}
	if w.thread.starved.count > 0 && w.thread.held < ReceiveBuffers {
		w.fail("the thread sleeps for ever, and %d connections wait for a receive buffer", w.thread.starved.count)
	}
	switch o := w.operator; {
	case w.hush:
		w.hush = false
	case !o.stopped:
		if len(w.kernel.backlog) > 0 && !w.kernel.full() {
			w.fail("the thread sleeps for ever, and %d connections wait to be accepted", len(w.kernel.backlog))
		}
		o.stopAt = 0
	case !o.aborted:
		o.abortAt = 0
	default:
		w.fail("the thread sleeps for ever after Abort")
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
		o.w.kernel.signal()
	case !o.aborted && o.w.steps >= o.abortAt:
		o.w.note("operator: Abort")
		o.stopped, o.aborted, o.wake = true, true, true
		o.w.thread.Abort()
	case !o.stopped && o.w.steps >= o.stopAt:
		o.w.note("operator: Stop")
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

func (w *world) fail(format string, args ...any) {
	w.failed = fmt.Sprintf(format, args...)
	panic(fault(w.failed))
}

func (w *world) must(err error) {
	if err != nil {
		w.fail("setting up: %v", err)
	}
}

// oneIn is true once in n times; never, if n is 0.
func (w *world) oneIn(n int) bool { return n > 0 && w.IntN(n) == 0 }

func (w *world) between(low, high int) int { return low + w.IntN(high-low+1) }

// pick returns one of its arguments.
func pick[T any](w *world, values ...T) T { return values[w.IntN(len(values))] }
