//go:build linux

package simio

import (
	"errors"
	"net/netip"

	"github.com/disrust/disrust/server/internal/netio"
)

// These are the descriptors that a machine gets.
const (
	WakeFD          = 3
	firstListenerFD = 4
	firstFD         = 8 // the first connection's
)

const (
	// patience is how many polls in a row may find nothing. Then the kernel makes something
	// happen.
	patience = 20
	// maxTurns is more turns than any schedule needs: a thread that makes more never ends.
	maxTurns = 300_000
	// maxIdleTicks is how many ticks in a row may pass while nothing moves.
	maxIdleTicks = 60
)

// ErrTurn is the error of a turn that the kernel refuses.
var ErrTurn = errors.New("refused")

// Kernel is a simulated [netio.Backend].
type Kernel struct {
	Dice
	Temper
	world World

	sockets   []*Socket // by descriptor, from firstFD on; nil: the descriptor is free
	accepted  []*Socket // all that were ever accepted
	listeners []listener

	inFlight  []*Operation
	completed []netio.Event
	delivered []netio.Event
	buffers   buffers

	// What has happened so far.
	Turns      int
	Ticks      uint32 // delivered
	AcceptErrs int    // delivered
	Refuses    bool   // the kernel has refused a turn: the thread must clean up and end

	untaken   int // operations of the refused turn that the kernel did not take
	wakes     int // the eventfd's count
	idleTicks int // ticks since an actor moved
	polls     int // polls since the last turn
}

// New makes a kernel with open listeners.
func New(dice Dice, temper Temper, world World) *Kernel {
	k := &Kernel{Dice: dice, Temper: temper, world: world}
	for range temper.Listeners {
		k.listeners = append(k.listeners, listener{open: true})
	}
	k.buffers.reset(k.ReceiveBytes)
	return k
}

// Turn implements [netio.Backend]. The operations start in order, the actors move a little,
// and some of the operations that can complete do.
func (k *Kernel) Turn(ops []netio.Op, block bool) ([]netio.Event, error) {
	if k.Turns++; k.Turns > maxTurns {
		k.world.Fail("the thread has made %d turns and goes on", k.Turns)
	}
	clear(k.delivered)
	if k.Turns == k.Refusal {
		k.refuse(ops)
		return nil, ErrTurn
	}
	k.world.Turn()
	k.polls = 0
	k.buffers.publish()
	k.world.Interleave()
	for i := range ops {
		k.submit(&ops[i])
	}
	k.world.Interleave()
	k.work()
	for block && len(k.completed) == 0 {
		k.move()
	}
	return k.deliver(), nil
}

// refuse takes only some of a turn's operations.
func (k *Kernel) refuse(ops []netio.Op) {
	taken := k.IntN(len(ops) + 1)
	for i := range ops[:taken] {
		k.submit(&ops[i])
	}
	k.Refuses, k.untaken = true, len(ops)-taken
}

// Untaken implements [netio.Backend].
func (k *Kernel) Untaken() int { return k.untaken }

// Pending implements [netio.Backend].
func (k *Kernel) Pending() bool {
	k.world.Interleave()
	k.work()
	if k.polls++; k.polls > maxTurns {
		k.world.Fail("the thread has polled %d times and does not handle the work that it finds", k.polls)
	}
	if k.polls > patience && len(k.completed) == 0 && !k.world.Ready() {
		k.move()
	}
	return len(k.completed) > 0
}

// Unread implements [netio.Backend].
func (k *Kernel) Unread(fd int32) int {
	s := k.open(fd)
	for _, o := range k.inFlight {
		if o.socket == s && o.Code == netio.Receive {
			k.world.Fail("asked for the unread bytes while a receive is in flight")
		}
	}
	k.world.Interleave()
	if s.Dead {
		return 0
	}
	return s.Arrived - s.Received
}

// EndOutput implements [netio.Backend].
func (k *Kernel) EndOutput(fd int32) {
	s := k.open(fd)
	k.world.Note("thread: FIN on descriptor %d", fd)
	s.end()
	k.world.Interleave()
}

// Peer implements [netio.Backend].
func (k *Kernel) Peer(fd int32) netip.Addr { return k.open(fd).Peer.Addr() }

// Busy implements [netio.Backend].
func (k *Kernel) Busy() uint64 { return 0 }

// Free implements [netio.Backend].
func (k *Kernel) Free() error { return nil }

// Signal adds to the count of the eventfd that wakes the thread.
func (k *Kernel) Signal() { k.wakes++ }

// Moved says that an actor has moved, so time need not pass.
func (k *Kernel) Moved() { k.idleTicks = 0 }

// open returns the connection of an open descriptor.
func (k *Kernel) open(fd int32) *Socket {
	if i := int(fd) - firstFD; i >= 0 && i < len(k.sockets) && k.sockets[i] != nil {
		return k.sockets[i]
	}
	k.world.Fail("descriptor %d is not open", fd)
	return nil
}

// Socket returns the connection of an open descriptor.
func (k *Kernel) Socket(fd int32) *Socket { return k.open(fd) }

// Accepted returns all connections that were ever accepted.
func (k *Kernel) Accepted() []*Socket { return k.accepted }

// InFlight returns the operations that have begun and not completed.
func (k *Kernel) InFlight() []*Operation { return k.inFlight }

// Connections returns how many connections are open.
func (k *Kernel) Connections() int {
	count := 0
	for _, s := range k.sockets {
		if s != nil {
			count++
		}
	}
	return count
}

// Closed returns how many of the connections that were ever accepted are closed.
func (k *Kernel) Closed() int { return len(k.accepted) - k.Connections() }
