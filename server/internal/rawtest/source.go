//go:build linux

package rawtest

import (
	"encoding/binary"
	"math"
)

// Source makes the requests of one client, and the answers that the model sum must give. A
// row's score depends on the client, the request and the row, so that a test notices an
// answer that reaches the wrong client or comes out of order.
type Source struct {
	Dim    int
	Client int
}

// Score returns the score of one row. It is an integer below 1<<22, so that a float32 sum is
// exact in any order, and a hash, so that two rows rarely have the same score.
func (s Source) Score(seq, row int) float32 {
	x := uint64(s.Client)<<40 ^ uint64(seq)<<12 ^ uint64(row)
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float32((x ^ x>>31) >> 42)
}

// AppendRequest appends request seq with the given number of vectors.
func (s Source) AppendRequest(dst []byte, seq, vectors int) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(vectors))
	for row := range vectors {
		dst = s.appendRow(dst, s.Score(seq, row))
	}
	return dst
}

// appendRow appends a row whose features sum to score. The features but the first are small
// integers that depend on their place, so that a shifted row has another sum. The first
// feature is the rest of the score.
func (s Source) appendRow(dst []byte, score float32) []byte {
	first := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	rest := float32(0)
	for j := 1; j < s.Dim; j++ {
		feature := float32((j+int(score))%5 - 2)
		rest += feature
		dst = appendFloat(dst, feature)
	}
	binary.LittleEndian.PutUint32(dst[first:], math.Float32bits(score-rest))
	return dst
}

// AppendAnswer appends the answer that request seq must get.
func (s Source) AppendAnswer(dst []byte, seq, vectors int) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(vectors))
	for row := range vectors {
		dst = appendFloat(dst, s.Score(seq, row))
	}
	return dst
}

// Pipeline returns one request per size, and their answers. A size is a number of vectors,
// and the requests are numbered from seq.
func (s Source) Pipeline(seq int, sizes ...int) (requests, answers []byte) {
	for i, vectors := range sizes {
		requests = s.AppendRequest(requests, seq+i, vectors)
		answers = s.AppendAnswer(answers, seq+i, vectors)
	}
	return requests, answers
}

// Header returns the four bytes that announce a request of n vectors.
func Header(n uint32) []byte {
	return binary.LittleEndian.AppendUint32(nil, n)
}

func appendFloat(dst []byte, f float32) []byte {
	return binary.LittleEndian.AppendUint32(dst, math.Float32bits(f))
}
