//go:build linux

package simio

import "net/netip"

// World is everything around the kernel: the machine under test, its peers, and the other
// actors in its process.
type World interface {
	Interleave()   // lets the other actors move, as they may at any time: some steps or none
	Advance() bool // moves one actor that can move; false: none can
	Compute() bool // in an eager world, lets the batch thread take a step; false: it has nothing to do
	Frozen() bool  // reports whether time stands still
	Stuck()        // the machine sleeps, and nothing will wake it unless the world acts

	Turn()             // a turn begins: the world may check the machine
	Delivered()        // the events of a turn are about to reach the machine
	Ready() bool       // reports whether the machine has work for which no event comes
	Starves()          // a receive found no buffer
	Sends(data []byte) // the machine sends data; fails if data is not in its memory for answers

	Note(format string, args ...any)
	Fail(format string, args ...any) // does not return
}

// Peer is the other end of a socket.
type Peer interface {
	Name() int
	Addr() netip.Addr

	Accepted()        // the machine learns of the connection
	Served()          // the machine uses the connection for the first time
	Unserved()        // the machine closes the connection without having used it
	Told()            // a receive's event reaches the machine
	Owed(data []byte) // the machine sends data; fails if it does not owe data next
	Took()            // the socket has taken some of the data
	Finished()        // the machine sends FIN
}

// Temper says how a kernel behaves. A rate of n means one in n; 0: never.
type Temper struct {
	Eager       bool // an operation that can complete does so at once, and nothing goes wrong by itself
	Hasty       bool // time passes even while there is work
	Herd        bool // arrived bytes are received at once
	Listeners   int  // 1 to 4
	Descriptors int  // how many connections the process may have open

	Starve, Interrupt, Short, Mislead     int // rates at which a receive goes wrong
	Refuse                                int // rate at which a send takes only a part
	AcceptFails, AcceptEnds, AcceptErrors int // rates at which an accept fails or ends; most failures in all
	Refusal                               int // the turn that the kernel refuses; 0: none
}
