// Package bufpool is an arena shaped like a ring: buffers of any size, packed
// one behind the other, taken and given back in the same order.
//
// A buffer is a [Buf] while it is being filled and a [Span], two plain
// numbers, once frozen. Consecutive buffers are adjacent in memory, so a run
// of them reads as one matrix without copying ([Pool.Memory]). No buffer
// straddles the end of the arena: one that does not fit there starts again at
// offset 0, and the padding it skipped comes home with the spans before it.
//
// # Ownership
//
// One goroutine, the owner, calls Alloc, Freeze, Release, Close and the
// gauges. Between Freeze and Release it may lend the bytes of a span to any
// other goroutine, which reads and writes them through Bytes or Memory: those
// two touch nothing that changes between New and Close. The span travels out
// and back through the owner's own means (a ring, a channel), and these order
// the accesses to the bytes; the pool itself holds no atomics. Builds with the
// race detector keep the arena on the Go heap, so that a hand-over without
// synchronisation is reported.
//
// # Order
//
// Buffers are frozen in the order of Alloc and released in the order of
// Freeze. Anything else panics: a span released early, twice, with another
// size, or never allocated; a Buf frozen twice, early, or by another pool.
// What the pool cannot see is a released span that equals the oldest live one
// because its place has been taken anew.
//
// # Invariants
//
// Live buffers never overlap. A refused Alloc changes nothing. An empty pool
// starts over at offset 0, whatever its past, so any size up to the capacity
// fits it, and a caller that releases soon keeps to the same few cache lines.
// That is worth more than all else here: compare BenchmarkPoolSizes.
//
// # Cost
//
// Every operation is O(1), a few nanoseconds, without allocation. Beside the
// arena a pool holds a record of live spans, of fixed size: see Config.
package bufpool
