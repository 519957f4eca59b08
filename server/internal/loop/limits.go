//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/wire"
)

const (
	minOutputBytes = 16 << 10
	operations     = 2 // of a connection in a turn: a receive and a send
	outputsEach    = 2 // blocks of answers a connection: one that fills, one that is sent

	// spareBlocks are those of connections that have ended which keep their memory
	// for the next.
	spareBlocks = 64

	// publishRequests and publishRows are how much is admitted before it is published
	// (and, inline, scored): rows are still in the first- or second-level cache
	// then, and a batch thread starts before the whole turn is parsed.
	publishRequests = 256
	publishRows     = 128
)

// Limits are the bounds of one thread, fixed at start-up.
type Limits struct {
	Conns       int // connections at once, of all threads together
	InFlight    int // requests admitted and not yet answered: what the smaller of two rings allows
	PoolBytes   int // of rows in flight; room for one request at least
	OutputBytes int // of unsent answers, in each of a connection's two buffers

	// ResponseRingBinds says that InFlight is the size of the response ring, and otherwise
	// the thread's share of the request ring. It decides which counter counts a wait.
	ResponseRingBinds bool

	// In ticks; 0: for ever. Both may last until the next sweep: see expire.
	RequestTicks uint32 // for a peer to send the rest of a request that it has begun
	IdleTicks    uint32 // for a peer that has all its answers to ask again
}

// spans is how many requests the pool can hold at once.
func (l Limits) spans(f wire.Format) int { return min(l.InFlight, l.PoolBytes/f.RowBytes()) }

// ReadBytes is the most bytes that the answers to everything one receive brings can take.
func ReadBytes(f wire.Format) int { return f.MostResponseBytes(netio.ReceiveBytes) }

// OutputBytes is the size of a connection's output buffer: room for the answers
// of several receives, so that reading goes on while answers are on their way.
func OutputBytes(f wire.Format) int { return max(minOutputBytes, 4*ReadBytes(f)) }
