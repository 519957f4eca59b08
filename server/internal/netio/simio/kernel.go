//go:build linux

package simio

import (
	"errors"
	"net/netip"

	"github.com/disrust/disrust/server/internal/netio"
)

// The descriptors that a machine is given.
const (
	WakeFD          = 3
	firstListenerFD = 4
	firstFD         = 8 // of connections
)

const (
	// patience is how often a thread that polls for work finds none before the
	// world has to move.
	patience = 20
	// maxTurns is more than any schedule needs: beyond it the thread is in a loop.
	maxTurns = 300_000
	// maxIdleTicks is how much time may pass in a row while nobody moves.
	maxIdleTicks = 60
)

// ErrTurn is what the kernel refuses a turn with.
var ErrTurn = errors.New("refused")

// Kernel is a simulated [netio.Backend].
type Kernel struct {
	Dice
	Temper
	world World

	sockets   []*Socket // by descriptor, from firstFD on; nil: free
	accepted  []*Socket // all that ever were
	listeners []listener

	inFlight  []*Operation
	completed []netio.Event
	delivered []netio.Event
	buffers   buffers

	// What has happened.
	Turns      int
	Ticks      uint32 // delivered
	AcceptErrs int    // delivered
	Refuses    bool   // to take all of a turn: the thread is to clean up and end

	untaken   int // of the refused turn's operations
	wakes     int // the eventfd's count
	idleTicks int // since anybody moved
	looks     int // since the last turn
}

// New makes a kernel with open listeners.
func New(dice Dice, temper Temper, world World) *Kernel {
	k := &Kernel{Dice: dice, Temper: temper, world: world}
	for range temper.Listeners {
		k.listeners = append(k.listeners, listener{open: true})
	}
	k.buffers.reset()
	return k
}

// Turn implements [netio.Backend]: the operations start in order, everybody moves a
// little, and some of what can complete does.
func (k *Kernel) Turn(ops []netio.Op, block bool) ([]netio.Event, error) {
	if k.Turns++; k.Turns > maxTurns {
		k.world.Fail("%d turns: the thread does not come to rest", k.Turns)
	}
	clear(k.delivered)
	if k.Turns == k.Refusal {
		k.refuse(ops)
		return nil, ErrTurn
	}
	k.world.Turn()
	k.looks = 0
	k.buffers.publish()
	k.world.Meddle()
	for i := range ops {
		k.submit(&ops[i])
	}
	k.world.Meddle()
	k.work()
	for block && len(k.completed) == 0 {
		k.move()
	}
	return k.deliver(), nil
}

// refuse takes some of a turn's operations.
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
	k.world.Meddle()
	k.work()
	if k.looks++; k.looks > maxTurns {
		k.world.Fail("the thread looks for work %d times and does not see it", k.looks)
	}
	if k.looks > patience && len(k.completed) == 0 && !k.world.Ready() {
		k.move()
	}
	return len(k.completed) > 0
}

// Unread implements [netio.Backend].
func (k *Kernel) Unread(fd int32) int {
	s := k.open(fd)
	for _, o := range k.inFlight {
		if o.socket == s && o.Code == netio.Receive {
			k.world.Fail("asked how much there is unread while a receive is under way")
		}
	}
	k.world.Meddle()
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
	k.world.Meddle()
}

// Peer implements [netio.Backend].
func (k *Kernel) Peer(fd int32) netip.Addr { return k.open(fd).Peer.Addr() }

// Busy implements [netio.Backend].
func (k *Kernel) Busy() uint64 { return 0 }

// Free implements [netio.Backend].
func (k *Kernel) Free() error { return nil }

// Signal adds to the eventfd that the thread is woken by.
func (k *Kernel) Signal() { k.wakes++ }

// Moved says that somebody has: time need not pass.
func (k *Kernel) Moved() { k.idleTicks = 0 }

// open is the connection of a descriptor.
func (k *Kernel) open(fd int32) *Socket {
	if i := int(fd) - firstFD; i >= 0 && i < len(k.sockets) && k.sockets[i] != nil {
		return k.sockets[i]
	}
	k.world.Fail("descriptor %d is not open", fd)
	return nil
}

// Socket is the connection of a descriptor that is open.
func (k *Kernel) Socket(fd int32) *Socket { return k.open(fd) }

// Accepted is all connections that ever were accepted.
func (k *Kernel) Accepted() []*Socket { return k.accepted }

// UnderWay is the operations that have begun and not completed.
func (k *Kernel) UnderWay() []*Operation { return k.inFlight }

// Connections is how many are open.
func (k *Kernel) Connections() int {
	count := 0
	for _, s := range k.sockets {
		if s != nil {
			count++
		}
	}
	return count
}
