package violation

import (
	"fmt"
	"math"
	"slices"

	"github.com/disrust/disrust/wire"
)

// A feature other than 0, NaN and infinity is most often between these powers of two: about
// 1e-9 and 4e12.
const leastExponent, mostExponent = -30, 42

// isUsual reports whether a word is a float32 of a usual size. A quarter of all words are.
func isUsual(word uint32) bool {
	e := int(word>>23&0xff) - 127
	return e >= leastExponent && e < mostExponent
}

// isFeature reports whether a word is likely as a feature. An allowed count is not: as a float32
// it is a denormal.
func isFeature(word uint32) bool {
	switch word &^ (1 << 31) {
	case 0, 0x7f800000, 0x7fc00000: // zero, infinity, and NaN as all processors make it
		return true
	}
	return isUsual(word)
}

func allFeatures(words []uint32) bool {
	return !slices.ContainsFunc(words, func(w uint32) bool { return !isFeature(w) })
}

func usual(words []uint32) (n int) {
	for _, w := range words {
		if isUsual(w) {
			n++
		}
	}
	return n
}

// float32s guesses that the count is a feature.
func (s Seen) float32s() string {
	words := s.words()
	if first := s.onlyRequest(); first > 0 && isFeature(s.Count) {
		return s.otherDim(first, words)
	}
	if !allFeatures(words) || usual(words) < 2 {
		return "" // one word of a usual size is too often something else
	}
	if s.Offset == 0 {
		return "float32 without a count"
	}
	return "float32 where a count should be"
}

// onlyRequest returns the number of vectors of the first request if it was the only one before
// the count. It returns 0 if there were more requests or none, or if the offset does not tell.
//
// Proof: k requests with m vectors in all take as many bytes as one request of n vectors if
// 4*k + row*m = 4 + row*n, so k = 1 + dim*(n-m). If k is above 1, n-m is at least 1, and m is at
// least k, so n is at least dim + 2. A smaller n means a single request.
func (s Seen) onlyRequest() int {
	row := uint64(s.Format.RowBytes())
	if s.Offset < wire.HeaderBytes+row || (s.Offset-wire.HeaderBytes)%row != 0 {
		return 0
	}
	n := (s.Offset - wire.HeaderBytes) / row
	if n > uint64(s.Format.MaxVectors) || n > uint64(s.Format.Dim)+1 {
		return 0
	}
	return int(n)
}

// otherDim guesses that the client's vectors have another dim. After the first request of such
// a client, the server reads a feature as the next count. If the words seen hold a count of the
// client, its position tells the client's dim, or a few that are possible.
func (s Seen) otherDim(first int, words []uint32) string {
	var counts []int // where they stand in words
	for i, w := range words {
		if s.allows(w) {
			counts = append(counts, i)
		} else if !isFeature(w) {
			return ""
		}
	}
	if usual(words) == 0 {
		return ""
	}
	const what = "features of another dim than %d"
	var dims []int
	switch {
	case len(counts) >= 2:
		dims = s.dimBetween(counts[0], counts[1], words)
	case len(counts) == 1 && words[counts[0]] == uint32(first):
		dims = s.dimsBefore(first, counts[0], len(words))
	}
	switch len(dims) {
	case 1:
		return fmt.Sprintf(what+", perhaps %d", s.Format.Dim, dims[0])
	case 2:
		return fmt.Sprintf(what+", perhaps %d or %d", s.Format.Dim, dims[0], dims[1])
	}
	return fmt.Sprintf(what, s.Format.Dim)
}

// dimBetween returns the dim of a request whose count is at lo, if the next count is at hi.
func (s Seen) dimBetween(lo, hi int, words []uint32) []int {
	vectors, features := int(words[lo]), hi-lo-1
	if features == 0 || features%vectors != 0 || features/vectors == s.Format.Dim {
		return nil
	}
	return []int{features / vectors}
}

// dimsBefore returns the dims that the client can have, in ascending order, if all its requests
// have this number of vectors. Of size words seen, only the one at position is a count.
//
// The client sent a whole number of requests before that count. A request must be so long that
// neither the count before nor the count after is among the words seen.
//
// Cost: the square root of the words before the count.
func (s Seen) dimsBefore(vectors, position, size int) (dims []int) {
	before := 1 + vectors*s.Format.Dim + position // words
	check := func(request int) {
		if request > position && position+request >= size && (request-1)%vectors == 0 && request > 1 {
			dims = append(dims, (request-1)/vectors)
		}
	}
	for i := 1; i <= int(math.Sqrt(float64(before))); i++ {
		if before%i != 0 {
			continue
		}
		check(i)
		if i != before/i {
			check(before / i)
		}
	}
	slices.Sort(dims)
	return dims
}

// float64s guesses that the features have eight bytes. Pairs of float32 can read as float64 of a
// usual size. But the lower halves of float64 are rarely float32 of a usual size, so two that
// are not decide.
func (s Seen) float64s() string {
	words, first := s.words(), s.onlyRequest()
	switch {
	case s.Offset == 0:
	case first > 0:
		words = words[first*s.Format.Dim%2:] // the count may be an upper half
	default:
		return ""
	}
	pairs, odd := len(words)/2, 0
	for i := range pairs {
		lower, upper := words[2*i], words[2*i+1]
		e := int(upper>>20&0x7ff) - 1023
		if zero := lower == 0 && upper == 0; !zero && (e < leastExponent || e >= mostExponent) {
			return ""
		}
		if !isFeature(lower) {
			odd++
		}
	}
	if pairs < 3 || odd < 2 {
		return ""
	}
	return "float64: features are float32"
}
