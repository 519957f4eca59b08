package violation

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/wire"
	"pgregory.net/rapid"
)

// anySeen checks that every violation has a sentence that a log can hold.
func anySeen(t *rapid.T) {
	s := Seen{
		Format: wire.Format{Dim: rapid.IntRange(1, wire.MaxDim).Draw(t, "dim"), MaxVectors: 1},
		Offset: rapid.Uint64().Draw(t, "offset"),
		Count:  rapid.Uint32().Draw(t, "count"),
		After:  rapid.SliceOfN(rapid.Byte(), 0, 2*AfterBytes).Draw(t, "after"),
	}
	if rapid.Bool().Draw(t, "small") {
		s.Format = wire.Format{Dim: rapid.IntRange(1, 200).Draw(t, "dim"), MaxVectors: rapid.IntRange(1, 65535).Draw(t, "max_vectors")}
	}
	if rapid.Bool().Draw(t, "one request") {
		s.Offset = uint64(s.Format.RequestBytes(rapid.IntRange(1, s.Format.MaxVectors).Draw(t, "vectors")))
	}
	if rapid.Bool().Draw(t, "words") {
		word := rapid.SampledFrom([]any{0, 1, 2, 65, f(0.5), f(-7), f(1e30), f(math.NaN()), 0.1})
		s.After = []byte(packed(rapid.SliceOfN(word, 0, 20).Draw(t, "numbers")...))
	}
	checkSentence(t, s)
}

func TestAnySeen(t *testing.T) { rapid.Check(t, anySeen) }

func FuzzSeen(f *testing.F) {
	f.Add(uint64(0), uint32(542393671), []byte("/ HTTP/1.1\r\n"))
	f.Add(uint64(516), uint32(0x3f000000), []byte(packed(float32(1), 1, float32(2))))
	f.Add(uint64(16), uint32(0x3f000000), []byte(packed(0.1, 0.7, 0.3, 0.9)))
	f.Fuzz(func(t *testing.T, offset uint64, count uint32, after []byte) {
		checkSentence(t, Seen{wire.Default, offset, count, after})
		checkSentence(t, Seen{wire.Format{Dim: 3, MaxVectors: 4}, offset, count, after})
	})
}

func checkSentence(t rapid.TB, s Seen) {
	got := s.String()
	want := fmt.Sprintf("count %d: 1 to %d is allowed", s.Count, s.Format.MaxVectors)
	if !strings.HasPrefix(got, want) || len(got) >= 300 {
		t.Fatalf("%+v: %q", s, got)
	}
	if slices.ContainsFunc([]byte(got), func(c byte) bool { return c < ' ' || c > '~' }) {
		t.Fatalf("%+v: %q is not printable ASCII", s, got)
	}
}

// dimIsRight checks that a dim is named only if the client has it, or one of two. The client's
// requests are all of one size.
func dimIsRight(t *rapid.T) {
	format := wire.Format{Dim: rapid.IntRange(1, 130).Draw(t, "dim"), MaxVectors: rapid.IntRange(1, 64).Draw(t, "max_vectors")}
	dim := rapid.IntRange(1, 130).Draw(t, "client's dim")
	vectors := rapid.IntRange(1, min(4, format.MaxVectors)).Draw(t, "vectors")
	features := rapid.SliceOfN(rapid.OneOf(
		rapid.Float32Range(-1000, 1000),
		rapid.SampledFrom([]float32{0, 1, 2, 0.5, float32(math.NaN()), float32(math.Inf(-1))}),
	), 1, 100).Filter(noneIsCount).Draw(t, "features")
	i := 0
	stream := clientStream(dim, vectors, func(int) float32 { i++; return features[i%len(features)] })
	s, ok := firstViolation(format, stream)
	if !ok {
		return
	}
	_, dims, named := strings.Cut(s.String(), ", perhaps ")
	if named && !slices.Contains(strings.Split(dims, " or "), fmt.Sprint(dim)) {
		t.Fatalf("a client of dim %d: %s", dim, s)
	}
}

func TestDimIsRight(t *testing.T) { rapid.Check(t, dimIsRight) }

// noneIsCount leaves out the smallest denormals. They are no features that a client has.
func noneIsCount(features []float32) bool {
	return !slices.ContainsFunc(features, func(v float32) bool {
		word := math.Float32bits(v)
		return word > 0 && word <= math.MaxUint16
	})
}
