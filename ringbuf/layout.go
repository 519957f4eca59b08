package ringbuf

import (
	"sync/atomic"
	"unsafe"
)

// lineBytes is the distance between words that different goroutines write. It is
// two 64-byte cache lines, because x86 prefetches lines in pairs and Apple's
// arm64 has 128-byte lines.
const lineBytes = 128

// word is an atomic word with a cache line of its own. The padding keeps its
// neighbours lineBytes away, so this holds for any alignment of the struct.
type word struct {
	atomic.Uint64
	_ [lineBytes - 8]byte
}

// newCells returns count zeroed words without padding. The allocation is at least
// one line long, so that a short one shares its line with nothing else.
func newCells(count int) []atomic.Uint64 {
	return make([]atomic.Uint64, max(count, lineBytes/8))[:count]
}

// These lines do not compile if a size differs from what the comments say.
var (
	_ = [1]struct{}{}[unsafe.Sizeof(word{})-lineBytes]
	_ = [1]struct{}{}[unsafe.Sizeof(Producer[byte]{})-lineBytes]
	_ = [1]struct{}{}[unsafe.Sizeof(Consumer[byte]{})-lineBytes]
	_ = [1]struct{}{}[unsafe.Offsetof(Ring[byte]{}.released)-unsafe.Offsetof(Ring[byte]{}.claimed)-lineBytes]
	_ = [1]struct{}{}[unsafe.Offsetof(Ring[byte]{}.asleep)-unsafe.Offsetof(Ring[byte]{}.released)-lineBytes]
)
