//go:build linux

package simio

import "net/netip"

// World is everything around the kernel: the machine that is tested, peers, and
// whoever else shares the process with it.
type World interface {
	Meddle()       // lets the others move, as they may at any time: some steps or none
	Advance() bool // lets one of those move who can; false: nobody can
	Compute() bool // lets a batch thread take a step, in an eager world; false: it has none to take
	Frozen() bool  // whether time stands still
	Stuck()        // the machine sleeps and nothing will wake it, unless the world moves

	Turn()             // a turn begins: the machine may be looked into
	Delivered()        // the events of a turn are about to reach the machine
	Ready() bool       // whether the machine has work that comes without an event
	Starves()          // a receive found no buffer
	Sends(data []byte) // the machine sends data: fails if that is not its memory for answers

	Note(format string, args ...any)
	Fail(format string, args ...any) // does not return
}

// Peer is who is at the other end of a socket.
type Peer interface {
	Name() int
	Addr() netip.Addr

	Accepted()        // the machine hears of the connection
	Served()          // the machine begins to use it
	Unserved()        // the machine closes it without having used it
	Told()            // the machine is told of what it has received
	Owed(data []byte) // data is sent to it: fails if that is not what it is owed
	Took()            // the socket has taken some of it
	Finished()        // the machine sends FIN
}

// Temper is how a kernel behaves. Rates are "one in": 0 is never.
type Temper struct {
	Eager       bool // what can complete does so at once, and nothing goes wrong by itself
	Hasty       bool // time passes while there is work; else only when there is none
	Herd        bool // what has come is received at once
	Listeners   int  // 1 to 4
	Descriptors int  // connections that the process may have open

	Starve, Interrupt, Short, Mislead     int // rates of a receive's mishaps
	Refuse                                int // of sends
	AcceptFails, AcceptEnds, AcceptErrors int // of accepts; and how often they may fail
	Refusal                               int // turn that the kernel refuses; 0: none
}
