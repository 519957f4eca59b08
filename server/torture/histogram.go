//go:build linux

package main

import (
	"math/bits"
	"time"
)

// fineBits is how finely a histogram tells waits apart: to 1/2^fineBits.
const fineBits = 5

// histogram counts waits in buckets that grow with them. The zero value is
// empty. It takes 8 KiB and does not grow.
type histogram struct {
	counts [(64 - fineBits) << fineBits]uint32
	total  int
	worst  time.Duration // exact
}

func (h *histogram) add(wait time.Duration) {
	h.counts[bucket(wait)]++
	h.total++
	h.worst = max(h.worst, wait)
}

// merge adds what other has counted.
func (h *histogram) merge(other *histogram) {
	for i, count := range other.counts {
		h.counts[i] += count
	}
	h.total += other.total
	h.worst = max(h.worst, other.worst)
}

// quantile returns a wait that the share q of all does not exceed, too long by
// 1/32 of it at most.
func (h *histogram) quantile(q float64) time.Duration {
	rank, below := int(q*float64(h.total)), 0
	for i, count := range h.counts {
		if below += int(count); below > rank {
			return min(ceiling(i), h.worst)
		}
	}
	return h.worst
}

// bucket numbers the bucket of a wait: below 2^fineBits one for each
// nanosecond, then 2^fineBits for each power of two.
func bucket(wait time.Duration) int {
	v := uint64(max(wait, 0))
	shift := max(bits.Len64(v)-fineBits-1, 0)
	return shift<<fineBits + int(v>>shift)
}

// ceiling is the longest wait of a bucket.
func ceiling(i int) time.Duration {
	shift := max(i>>fineBits-1, 0)
	return time.Duration((i-shift<<fineBits+1)<<shift - 1)
}
