// Package bufpool is an arena shaped like a ring. It hands out buffers of any
// size, packed one behind the other; the caller gives them back in the same
// order.
//
// A buffer is a [Buf] while the owner fills it. [Pool.Freeze] turns it into a
// [Span], two plain numbers. Consecutive buffers are adjacent in memory, so a run
// of them reads as one matrix without copying ([Pool.Memory]). No buffer
// straddles the end of the arena: a buffer that does not fit before the end
// starts at offset 0. The bytes skipped at the end are padding; they become free
// together with the span before them.
//
// # Ownership
//
// One goroutine, the owner, calls Alloc, Freeze, Release, Close and the
// gauges. Between Freeze and Release it may lend the bytes of a span to any
// other goroutine, which reads and writes them through Bytes or Memory. These
// two methods read nothing that changes between New and Close. The owner sends
// the span out and gets it back by means of its own, such as a ring or a
// channel. These means must order the accesses to the bytes, because the pool
// has no atomics. Builds with the race detector keep the arena on the Go heap,
// so that the detector reports a hand-over without synchronisation.
//
// # Order
//
// Buffers are frozen in the order of Alloc and released in the order of
// Freeze. Everything else panics: a span released early, twice or with another
// size, a span never allocated, a Buf frozen twice, early or by another pool.
// The pool cannot detect one mistake: releasing a stale span that equals the
// oldest live span, because a new buffer has taken its place.
//
// # Invariants
//
// Live buffers never overlap. An Alloc that fails changes nothing. An empty pool
// always starts over at offset 0, so any size up to the capacity fits. A caller
// that releases buffers soon therefore uses the same few cache lines again and
// again. That saves more time than anything else here: see BenchmarkPoolSizes.
//
// # Cost
//
// Every operation is O(1), takes a few nanoseconds and does not allocate. Besides
// the arena a pool holds a record of its live spans, of fixed size: see Config.
package bufpool
