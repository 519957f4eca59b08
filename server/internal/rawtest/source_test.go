//go:build linux

package rawtest

import (
	"encoding/binary"
	"math"
	"testing"
)

// TestSource adds up the rows of a Source forwards and backwards. Both sums must be exactly
// the score.
func TestSource(t *testing.T) {
	for _, dim := range []int{1, 2, 3, 127, 128, 1024} {
		source := Source{Dim: dim, Client: dim}
		for seq := range 50 {
			row := source.AppendRequest(nil, seq, 1)[4:]
			if len(row) != 4*dim {
				t.Fatalf("dim %d: a row of %d bytes", dim, len(row))
			}
			var forwards, backwards float32
			for j := range dim {
				forwards += feature(row, j)
				backwards += feature(row, dim-1-j)
			}
			if want := source.Score(seq, 0); forwards != want || backwards != want {
				t.Fatalf("dim %d: sums %v and %v, want %v", dim, forwards, backwards, want)
			}
		}
	}
}

func feature(row []byte, j int) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(row[4*j:]))
}

// TestScoresDiffer counts rows with equal scores. If there were many, a test could take the
// answer to another request for the right one.
func TestScoresDiffer(t *testing.T) {
	seen, same := make(map[float32]bool), 0
	for client := range 64 {
		for seq := range 100 {
			score := Source{Client: client}.Score(seq, 0)
			if seen[score] {
				same++
			}
			seen[score] = true
		}
	}
	if same > 64*100/100 {
		t.Errorf("%d of %d scores occurred before", same, 64*100)
	}
}
