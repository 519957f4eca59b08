package metrics

import (
	"iter"
	"math"
	"math/bits"
)

// MostRecorded is the highest value that a Histogram tells from others: 18 minutes in nanoseconds. A
// higher one counts as this one.
const MostRecorded = 1 << valueBits

const (
	subBits   = 6 // each power of two is divided into 1<<subBits buckets
	valueBits = 40

	// Buckets is how many buckets a Histogram has.
	Buckets = (valueBits-subBits)<<subBits + 1<<subBits + 1
)

// Histogram counts values that are whole numbers, such as nanoseconds. Values up to 128 have a bucket each.
// Above that, the width of a bucket is at most 1/64 of the values in it, and half of that is the most that
// a quantile can be wrong by. Bucket 0 is for the value 0. Each other bucket reaches from above the end of
// the one before up to and including its own end, as Prometheus' buckets do, and powers of two are ends.
type Histogram struct {
	Counts [Buckets]uint64
	Sum    float64 // of nanoseconds of many connections, 64 bits would overflow within days
}

// Bucket returns the bucket of a value.
func Bucket(value uint64) int {
	if value == 0 {
		return 0
	}
	before := min(value, MostRecorded) - 1
	shift := bits.Len64(before>>(subBits+1)) & 63 // the compiler then knows that it is below 64
	return 1 + shift<<subBits + int(before>>shift)
}

// Bounds returns the lowest and the highest value of a bucket.
func Bounds(bucket int) (low, high uint64) {
	if bucket == 0 {
		return 0, 0
	}
	shift := max(0, (bucket-1)>>subBits-1)
	place := uint64(bucket - 1 - shift<<subBits)
	return place<<shift + 1, (place + 1) << shift
}

// Middle returns the value that stands for all of a bucket.
func Middle(bucket int) float64 {
	low, high := Bounds(bucket)
	return float64(low+high) / 2
}

// Add counts a value as often as times says.
func (h *Histogram) Add(value, times uint64) {
	h.Counts[Bucket(value)] += times
	h.Sum += float64(value) * float64(times)
}

// Merge adds what other has counted to h.
func (h *Histogram) Merge(other *Histogram) {
	for i, n := range other.Counts {
		h.Counts[i] += n
	}
	h.Sum += other.Sum
}

// Count returns how many values were counted.
func (h *Histogram) Count() (n uint64) {
	for _, count := range h.Counts {
		n += count
	}
	return n
}

// Quantile returns the value that the share q of all values does not exceed, with a relative error of at
// most 1/128. Without values it returns 0.
func (h *Histogram) Quantile(q float64) float64 {
	count := h.Count()
	rank := min(max(1, uint64(math.Ceil(q*float64(count)))), count)
	seen := uint64(0)
	for bucket, n := range h.Filled() {
		if seen += n; seen >= rank {
			return Middle(bucket)
		}
	}
	return 0
}

// Filled yields the buckets that have counted values, from the lowest on, and their counts.
func (h *Histogram) Filled() iter.Seq2[int, uint64] {
	return func(yield func(int, uint64) bool) {
		for bucket, n := range h.Counts {
			if n > 0 && !yield(bucket, n) {
				return
			}
		}
	}
}
