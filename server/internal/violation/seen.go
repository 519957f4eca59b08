package violation

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"

	"github.com/disrust/disrust/wire"
)

// AfterBytes is how many of the bytes after the count a guess needs at most.
const AfterBytes = 60

// Seen is what a server saw of a violation.
type Seen struct {
	Format wire.Format // that of the connection; must be valid
	Offset uint64      // bytes of the connection's stream before the count
	Count  uint32      // the count that Format does not allow
	After  []byte      // bytes after the count that have arrived; more than AfterBytes are of no use
}

// String returns the sentence: the count, what is allowed and, where there is a good one, a
// guess. It is one line of fewer than 300 bytes, all of them printable ASCII whatever the peer
// sent. It quotes at most excerptBytes of what the peer sent.
func (s Seen) String() string {
	sentence := fmt.Sprintf("count %d: 1 to %d is allowed", s.Count, s.Format.MaxVectors)
	for _, guess := range guesses {
		if what := guess(s); what != "" {
			return sentence + "; looks like " + what
		}
	}
	return sentence
}

// guesses are tried in this order. Each returns "" if it does not apply.
var guesses = [...]func(Seen) string{
	Seen.tooMany, Seen.hello, Seen.protocol, Seen.bigEndian, Seen.text, Seen.float64s, Seen.float32s,
}

func (s Seen) tooMany() string {
	if int64(s.Count) > int64(s.Format.MaxVectors) && s.Count <= math.MaxUint16 {
		return "a request of more vectors than allowed"
	}
	return ""
}

// bigEndian looks at the first count of a connection only. A later one is often a feature, and
// 0.5 and 2 are 63 and 64 with their bytes reversed. bigEndian makes no guess if the bytes can
// be little-endian features from the start.
func (s Seen) bigEndian() string {
	count := bits.ReverseBytes32(s.Count)
	if s.Offset > 0 || !s.allows(count) {
		return ""
	}
	words := s.words()
	reversed := make([]uint32, len(words))
	for i, w := range words {
		reversed[i] = bits.ReverseBytes32(w)
	}
	if !allFeatures(reversed[1:]) || allFeatures(words) {
		return ""
	}
	return fmt.Sprintf("big-endian: with its bytes reversed the count is %d", count)
}

// allows reports whether word is a count that the format allows.
func (s Seen) allows(word uint32) bool { return word >= 1 && int64(word) <= int64(s.Format.MaxVectors) }

// bytes returns the count as it was received and up to AfterBytes of the bytes after it.
func (s Seen) bytes() []byte {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, wire.HeaderBytes+AfterBytes), s.Count)
	return append(b, s.After[:min(len(s.After), AfterBytes)]...)
}

// words returns the whole words of bytes. The first is the count.
func (s Seen) words() []uint32 {
	b := s.bytes()
	words := make([]uint32, len(b)/4)
	for i := range words {
		words[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return words
}
