//go:build linux

package simio

import "net/netip"

// World is everything around the kernel: the machine under test, its peers, and the other
// actors in the process. The kernel calls it so that actors can move and the world can check.
type World interface {
	Interleave()   // lets the other actors take some steps or none, as they may at any time
	Advance() bool // moves one actor that can move; false: no actor can
	Compute() bool // in an eager world, lets the batch thread take a step; false: it has nothing to do
	Frozen() bool  // reports whether time stands still
	Stuck()        // the machine sleeps, and nothing will wake it unless the world acts

	Turn()                   // a turn begins: the world may check the machine
	Delivered()              // the events of a turn are about to reach the machine
	Ready() bool             // reports whether the machine has work for which no event comes
	LacksBuffer()            // a receive found no buffer
	CheckMemory(data []byte) // the machine sends data: fails if data is not in its memory for answers

	Note(format string, args ...any) // adds an event to the trace
	Fail(format string, args ...any) // does not return
}

// Peer is the other end of a socket.
type Peer interface {
	Name() int
	Addr() netip.Addr

	Accepted()             // the machine learns of the connection
	FirstUsed()            // the machine uses the connection for the first time
	ClosedUnused()         // the machine closes the connection without having used it
	InputDelivered()       // a receive's event reaches the machine
	CheckOwed(data []byte) // the machine sends data: fails if data is not what it owes the peer next
	OutputTaken()          // the socket has taken some of the data
	Finished()             // the machine sends FIN
}

// Temper says how a kernel behaves. A rate of n means one in n; 0: never.
type Temper struct {
	Eager        bool // an operation that can complete does so at once; meant for Starve, Interrupt, Short and Refuse of 0
	Hasty        bool // time passes even while there is work
	Herd         bool // arrived bytes are received at once
	ReceiveBytes int  // of each receive buffer
	Listeners    int  // 1 to 4
	Descriptors  int  // how many connections the process may have open

	Starve, Interrupt, Short, Mislead     int // rates at which a receive goes wrong
	Refuse                                int // rate at which a send takes only a part
	AcceptFails, AcceptEnds, AcceptErrors int // rates at which an accept fails or ends; most failures in all
	Refusal                               int // the turn that the kernel refuses; 0: none
}
