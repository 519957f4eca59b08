//go:build linux

package loop

import (
	"math/bits"
	"unsafe"

	"github.com/disrust/disrust/server/internal/blocks"
	"github.com/disrust/disrust/server/internal/netio"
	"github.com/disrust/disrust/server/internal/stages"
	"github.com/disrust/disrust/slab"
	"github.com/disrust/disrust/wire"
)

// Footprint is the memory of one thread in bytes, without its backend. The thread takes all
// fields but Conn when it starts, or may take them at any time after that.
type Footprint struct {
	Pool   uint64 // rows in flight
	Scores uint64 // of rows in flight, the scores of one run in place, and the pool's records of its requests
	Slots  uint64 // of all connections that may exist, with room for their keys and operations in a turn
	Stages uint64 // how long requests took, and which were slow
	Spare  uint64 // blocks of ended connections, kept for the next ones

	Conn uint64 // the most that one open connection adds: a partial request and unsent answers
}

// Footprint returns the memory of a thread with these limits.
func (l Limits) Footprint(f wire.Format) Footprint {
	block := func(size int) uint64 { return uint64(blocks.RoundUp(size)) }
	blocksOfConn := block(partialBytes(f)) + outputsPerConn*block(l.OutputBytes+extraBytes)
	const (
		span = 16 // bytes of the pool's record of one request
		slot = unsafe.Sizeof(conn{}) + 4*unsafe.Sizeof(slab.Key(0)) + 4 + (1+outputsPerConn)*unsafe.Sizeof(blocks.ID(0)) +
			opsPerConn*unsafe.Sizeof(netio.Op{})
	)
	slots := uint64(l.Conns) * uint64(slot)
	if l.Headers {
		slots += uint64(l.Conns) * 16
	}
	scores := uint64(f.ScoreBytes())
	return Footprint{
		Pool:   uint64(l.PoolBytes),
		Scores: uint64(l.PoolBytes/f.RowBytes())*scores + span<<bits.Len(uint(l.spans(f)-1)) + scores*uint64(maxSingles(f)),
		Slots:  slots,
		Stages: stages.Bytes + uint64(readSlots(l.InFlight))*uint64(unsafe.Sizeof(admittedRead{})) +
			uint64(l.InFlight+unsentRecords)*uint64(unsafe.Sizeof(stages.Record{})),
		Spare: uint64(min(spareBlocks, l.Conns)) * blocksOfConn,
		Conn:  blocksOfConn,
	}
}
