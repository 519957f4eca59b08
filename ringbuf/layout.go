package ringbuf

import (
	"sync/atomic"
	"unsafe"
)

// lineBytes separates what different goroutines write: two 64-byte lines,
// because x86 prefetches lines in pairs and Apple's arm64 has 128-byte lines.
const lineBytes = 128

// word is an atomic word with a line to itself. The distance to its
// neighbours does the separating, so it holds at any alignment of the whole.
type word struct {
	atomic.Uint64
	_ [lineBytes - 8]byte
}

// newCells returns count zeroed words packed together, in an allocation of at
// least one line so that a short one shares its line with nothing else.
func newCells(count int) []atomic.Uint64 {
	return make([]atomic.Uint64, max(count, lineBytes/8))[:count]
}

// These fail to compile when a size is not what the comments say.
var (
	_ = [1]struct{}{}[unsafe.Sizeof(word{})-lineBytes]
	_ = [1]struct{}{}[unsafe.Sizeof(Producer[byte]{})-lineBytes]
	_ = [1]struct{}{}[unsafe.Sizeof(Consumer[byte]{})-lineBytes]
	_ = [1]struct{}{}[unsafe.Offsetof(Ring[byte]{}.released)-unsafe.Offsetof(Ring[byte]{}.claimed)-lineBytes]
	_ = [1]struct{}{}[unsafe.Offsetof(Ring[byte]{}.asleep)-unsafe.Offsetof(Ring[byte]{}.released)-lineBytes]
)
