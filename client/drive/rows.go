package drive

import (
	"math/rand/v2"

	"github.com/disrust/disrust/wire"
)

// Rows makes rows of small integers. Row k sums to first+k+1, so neither another row's
// score nor zero is right. float32 holds all their partial sums exactly, in any order.
func Rows(first, vectors, dim int) (rows, scores []float32) {
	random := rand.New(rand.NewPCG(uint64(first), 0))
	rows, scores = make([]float32, vectors*dim), make([]float32, vectors)
	for i := range scores {
		row, score := rows[i*dim:(i+1)*dim], first+i+1
		rest := score
		for j := range row[1:] {
			feature := random.IntN(17) - 8
			row[1+j] = float32(feature)
			rest -= feature
		}
		row[0], scores[i] = float32(rest), float32(score)
	}
	return rows, scores
}

// appendRaw appends a request for vectors vectors whose rows are already encoded.
func appendRaw(dst []byte, vectors int, rows []byte) []byte {
	return append(wire.AppendHeader(dst, vectors), rows...)
}
