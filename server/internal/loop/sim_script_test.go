//go:build linux

package loop

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/disrust/disrust/server/internal/netio/simio"
	"github.com/disrust/disrust/wire"
)

// script is what a peer sends, and what the server owes it in return.
type script struct {
	stream    []byte
	ends      []int  // where each request ends in stream; only requests before a violation
	answers   []byte // to these requests, up to the first that ends the connection
	owedAfter []int  // bytes of answers owed once i whole requests have arrived
	last      int    // once this many bytes have arrived, the server ends the connection
	fatal     int    // once this many bytes have arrived, it may also drop answers: a request is larger than the pool
}

// owed returns how many bytes of answers are owed once size bytes of stream have arrived.
func (s *script) owed(size int) int { return s.owedAfter[s.whole(size)] }

// whole returns how many whole requests the first size bytes of stream hold.
func (s *script) whole(size int) int {
	n, _ := slices.BinarySearch(s.ends, size+1)
	return n
}

// drawScript draws a stream of requests. The stream may be cut at any byte or break the
// protocol.
func (w *world) drawScript(requests int) script {
	s := script{owedAfter: []int{0}, last: math.MaxInt, fatal: math.MaxInt}
	for range requests {
		w.appendRequest(&s)
	}
	switch w.IntN(8) {
	case 0:
		s.cut(w.IntN(len(s.stream) + 1))
	case 1:
		count := simio.Pick(w.Dice, 0, uint32(w.format.MaxVectors)+1, math.MaxUint32, 1<<31)
		s.stream = binary.LittleEndian.AppendUint32(s.stream, count)
		s.last = min(s.last, len(s.stream))
		s.stream = append(s.stream, make([]byte, w.IntN(2)*w.IntN(3*w.format.RequestBytes(1)))...)
	}
	return s
}

// appendRequest adds a request and its answer.
func (w *world) appendRequest(s *script) {
	vectors := simio.Pick(w.Dice, 1, w.Between(1, w.format.MaxVectors), w.Between(1, min(3, w.format.MaxVectors)))
	rows := make([]float32, vectors*w.format.Dim)
	bits := w.Uint64() | 1
	for i := range rows {
		bits = bits*6364136223846793005 + 1442695040888963407
		rows[i] = math.Float32frombits(uint32(bits >> 34)) // below 2^30, so never mark
	}
	failing := w.failing && w.OneIn(12)
	if failing {
		rows[w.IntN(vectors)*w.format.Dim] = math.Float32frombits(mark)
	}
	s.stream = wire.AppendRequest(s.stream, vectors, rows)
	s.ends = append(s.ends, len(s.stream))
	switch {
	case 4*len(rows) > w.limits.PoolBytes:
		s.fatal, s.last = min(s.fatal, len(s.stream)), min(s.last, len(s.stream))
	case failing:
		s.last = min(s.last, len(s.stream))
	}
	if s.last == math.MaxInt {
		var scores []float32
		for i := range vectors {
			for k := range w.format.Outputs {
				scores = append(scores, score(rows[i*w.format.Dim:(i+1)*w.format.Dim], k))
			}
		}
		s.answers = wire.AppendResponse(s.answers, vectors, scores)
	}
	s.owedAfter = append(s.owedAfter, len(s.answers))
}

// cut ends the stream after size bytes.
func (s *script) cut(size int) {
	requests := s.whole(size)
	s.stream, s.ends, s.owedAfter = s.stream[:size], s.ends[:requests], s.owedAfter[:requests+1]
	s.answers = s.answers[:s.owedAfter[requests]]
	if s.last > size {
		s.last = math.MaxInt
	}
	if s.fatal > size {
		s.fatal = math.MaxInt
	}
}
