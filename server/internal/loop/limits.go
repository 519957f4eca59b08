//go:build linux

package loop

import (
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/wire"
)

const (
	minBlockBytes   = 16 << 10
	maxBlockBytes   = 32 << 10
	minReceiveBytes = 64

	// extraBytes is the room in an output block for what belongs to no request: a welcome,
	// a failure of an invalid count, and notices.
	extraBytes     = 1 << 10
	opsPerConn     = 2 // per connection and turn: a receive and a send
	outputsPerConn = 2 // blocks of answers per connection: one being filled, one being sent

	// spareBlocks is how many connections' blocks keep their memory for the next
	// connections after theirs have ended.
	spareBlocks = 64

	// The thread publishes (and, if it scores for itself, scores) as soon as it has
	// admitted this much. The rows are then still in the first- or second-level cache, and
	// a batch thread starts before the whole turn is parsed.
	publishRequests = 256
	publishRows     = 128
)

// Limits are the bounds of one thread, fixed at start-up.
type Limits struct {
	Conns       int // connections at once, of all threads together
	InFlight    int // requests admitted and not yet answered: the smaller of what the two rings allow
	PoolBytes   int // for rows in flight; at least one request
	OutputBytes int // for unsent answers, in each of a connection's two output blocks

	// ResponseRingBinds says what set InFlight: the size of the response ring if true,
	// otherwise the thread's share of the request ring. It decides which counter counts a
	// request that must wait.
	ResponseRingBinds bool

	Headers bool // connections may begin with a PROXY header: the thread keeps an address for each

	// In ticks; 0 means no limit. A connection may live until the next sweep after its
	// limit: see sweepTimeouts.
	RequestTicks uint32 // for a peer to send its PROXY header, or the rest of a request or hello that it has begun
	IdleTicks    uint32 // for a peer that has all its answers to send another request
	AgeTicks     uint32 // for a connection until the thread dismisses it, a tenth more or less
	GraceTicks   uint32 // after that, for the peer of a version 2 connection to send FIN; 0: a tick
	SpreadTicks  uint32 // over which a drain spreads the ends of connections
}

// spans returns how many requests the pool can hold at once.
func (l Limits) spans(f wire.Format) int { return min(l.InFlight, l.PoolBytes/f.RowBytes()) }

// partialBytes returns the size of a block for the beginning of a request, hello or PROXY header.
func partialBytes(f wire.Format) int { return max(f.RequestBytes(f.MaxVectors), wire.HelloBytes) }

// ReceiveBytes returns the size of the receive buffers: as large as netio allows, unless the
// answers to so much input would take more than half of a connection's output block. It is a
// multiple of 64, so that each buffer begins at a cache line.
func ReceiveBytes(f wire.Format) int {
	return f.MostReceivedBytes(OutputBytes(f)/2, netio.ReceiveBytes) &^ (minReceiveBytes - 1)
}

// OutputBytes returns Limits.OutputBytes. There is room for the answers to several receives,
// so that reading goes on while answers are being sent. With vectors of few features, answers
// take nearly as many bytes as requests: then receives are smaller. A block with its
// extraBytes fills its pages, unless the largest answer is large.
func OutputBytes(f wire.Format) int {
	want := 4 * f.MostResponseBytes(netio.ReceiveBytes)
	pages := max(minBlockBytes, min(maxBlockBytes, want)) - extraBytes
	return max(pages, 4*f.MostResponseBytes(minReceiveBytes))
}
