//go:build linux

package loop

import (
	"math/bits"
	"unsafe"

	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/slab"
	"github.com/disrust/disrust/wire"
)

// Footprint is the memory of one thread, in bytes, without its backend. All but Conn is
// taken when it starts, or may be from then on.
type Footprint struct {
	Pool   uint64 // rows in flight
	Scores uint64 // one a row, some of rows scored in place, and the record of which rows are whose
	Slots  uint64 // of connections, whether they are there or not, and room for their operations of a turn
	Spare  uint64 // blocks of connections that have ended, kept for the next

	Conn uint64 // what an open connection adds at most: an unfinished request and unsent answers
}

// Footprint is what a thread of these limits takes.
func (l Limits) Footprint(f wire.Format) Footprint {
	block := func(size int) uint64 { return uint64(blocks.RoundUp(size)) }
	blocksOfConn := block(f.RequestBytes(f.MaxVectors)) + outputsEach*block(l.OutputBytes)
	const (
		span       = 16 // bytes of the pool's record of a request
		scoreBytes = uint64(unsafe.Sizeof(float32(0)))
		slot       = unsafe.Sizeof(conn{}) + 4*unsafe.Sizeof(slab.Key(0)) + 4 + (1+outputsEach)*unsafe.Sizeof(blocks.ID(0)) +
			operations*unsafe.Sizeof(netio.Op{})
	)
	return Footprint{
		Pool:   uint64(l.PoolBytes),
		Scores: uint64(l.PoolBytes/f.RowBytes())*scoreBytes + span<<bits.Len(uint(l.spans(f)-1)) + scoreBytes*uint64(singles(f)),
		Slots:  uint64(l.Conns) * uint64(slot),
		Spare:  uint64(min(spareBlocks, l.Conns)) * blocksOfConn,
		Conn:   blocksOfConn,
	}
}
