//go:build linux

package loop

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server/internal/netio/simio"
	"github.com/disrust/disrust/wire"
)

const (
	scored  = "answer"  // the kind of a message that is answered by scores
	greeted = "welcome" // how the kind of a hello begins
	denied  = "count denied"
)

// script is what a peer sends, and what the server owes it in return.
type script struct {
	version   int // of the protocol
	preface   preface
	stream    []byte
	ends      []int    // where each message ends in stream: a hello, a request, or in version 2 a count that is not allowed
	kinds     []string // how each message is answered: see TestSimMeets
	answers   []byte   // to these messages, up to the first that ends the connection; also the notice that was found
	owedAfter []int    // bytes of answers owed once i whole messages have arrived
	sizes     []int    // bytes of the answer to each message
	closed    bool     // the last answer is a refusal, or the failure of a count: nothing may follow it
	others    []int    // the messages before whose answers a notice of another model was found
	told      int      // bytes of answers up to the end of the notice that the server goes away; 0: it was not sent
	extra     int      // the most bytes of answers that belong to no request
	last      int      // once this many bytes have arrived, the server ends the connection
	fatal     int      // once this many bytes have arrived, it may also drop answers: a request is larger than the pool
}

// owed returns how many bytes of answers are owed once size bytes of stream have arrived.
func (s *script) owed(size int) int { return s.owedAfter[s.whole(size)] }

// endMessage ends a message and its answer.
func (s *script) endMessage(kind string) {
	s.kinds = append(s.kinds, kind)
	s.ends = append(s.ends, len(s.stream))
	s.sizes = append(s.sizes, len(s.answers)-s.owedAfter[len(s.owedAfter)-1])
	s.owedAfter = append(s.owedAfter, len(s.answers))
}

// whole returns how many whole messages the first size bytes of stream hold.
func (s *script) whole(size int) int {
	n, _ := slices.BinarySearch(s.ends, size+1)
	return n
}

// drawScript adds a stream of requests to s. The stream may be cut at any byte or break the
// protocol.
func (w *world) drawScript(s script, requests int) script {
	if s.last == math.MaxInt && w.v2.dice.OneIn(w.v2.share) {
		w.appendHello(&s)
	}
	for range requests {
		w.appendRequest(&s)
	}
	switch w.IntN(8) {
	case 0:
		s.cut(w.IntN(len(s.stream) + 1))
	case 1:
		w.appendViolation(&s)
		s.stream = append(s.stream, make([]byte, w.IntN(2)*w.IntN(3*w.format.RequestBytes(1)))...)
	}
	if s.version == 2 && len(s.ends) > 0 && w.v2.dice.OneIn(12) {
		s.cut(w.v2.dice.IntN(s.ends[0])) // within the hello
	}
	if h := s.preface.size; h > 0 && w.balancers.dice.OneIn(12) {
		s.cut(w.balancers.dice.IntN(h + 5)) // within the PROXY header, or shortly behind it
	}
	return s
}

// appendViolation adds a count that is not allowed. In version 2 a failure answers it. A hello is
// one, unless it begins the stream.
func (w *world) appendViolation(s *script) {
	count := simio.Pick(w.Dice, 0, uint32(w.format.MaxVectors)+1, math.MaxUint32, 1<<31)
	if len(s.stream) > s.preface.size && w.v2.dice.OneIn(2*w.v2.share) {
		count = wire.Magic
	}
	s.stream = binary.LittleEndian.AppendUint32(s.stream, count)
	if s.last == math.MaxInt {
		s.last = len(s.stream)
		if s.version == 2 {
			s.answers, s.closed = wire.AppendFailure(s.answers, wire.CountDenied, count), true
			s.endMessage(denied)
		}
	}
	if count == wire.Magic {
		s.stream = append(s.stream, w.drawHello()[wire.HeaderBytes:]...)
	}
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
	var fault batcher.Fault
	if failing {
		first, kind := w.IntN(vectors), markOf(w.panicking)
		if s.version == 2 {
			kind = simio.Pick(w.v2.dice, markError, markPanic, markTogether)
			for row := first + 1; row < vectors && w.v2.dice.OneIn(2); row++ {
				rows[row*w.format.Dim] = math.Float32frombits(kind)
			}
		}
		rows[first*w.format.Dim] = math.Float32frombits(kind)
		fault, failing = faultOf(kind, uint32(first), vectors)
	}
	s.stream = wire.AppendRequest(s.stream, vectors, rows)
	switch {
	case 4*len(rows) > w.limits.PoolBytes:
		s.fatal, s.last = min(s.fatal, len(s.stream)), min(s.last, len(s.stream))
	case failing && s.version == 1:
		s.last = min(s.last, len(s.stream))
	}
	kind := scored
	switch {
	case s.last < math.MaxInt:
		kind = "nothing"
	case failing:
		s.answers = wire.AppendFailure(s.answers, fault.Code, fault.Row)
		kind = fmt.Sprintf("failure %d, row known: %t", fault.Code, fault.Row != wire.NoRow)
	default:
		var scores []float32
		for i := range vectors {
			for k := range w.format.Outputs {
				scores = append(scores, score(rows[i*w.format.Dim:(i+1)*w.format.Dim], k))
			}
		}
		s.answers = wire.AppendResponse(s.answers, vectors, scores)
	}
	s.endMessage(kind)
}

// cut ends the stream after size bytes.
func (s *script) cut(size int) {
	size = min(size, len(s.stream))
	messages := s.whole(size)
	s.stream, s.ends, s.owedAfter = s.stream[:size], s.ends[:messages], s.owedAfter[:messages+1]
	s.kinds, s.sizes = s.kinds[:messages], s.sizes[:messages]
	s.answers = s.answers[:s.owedAfter[messages]]
	if s.last > size {
		s.last, s.closed = math.MaxInt, false
	}
	if s.fatal > size {
		s.fatal = math.MaxInt
	}
}
