//go:build linux

package loop

import (
	"errors"
	"math"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/ringbuf"
	"github.com/disrust/disrust/wire"
)

// batchThread is the thread of the dedicated placement. It drains the request ring and
// sleeps by the ring's protocol.
type batchThread struct {
	*batcher.Batcher
	w        *world
	requests *ringbuf.Consumer[batcher.Request]
	asleep   bool
}

func (b *batchThread) act() bool {
	if b.asleep {
		return false
	}
	replaces := b.Replacing()
	if n := b.Poll(); n > 0 || replaces {
		b.w.Note("batch thread: %d requests", n)
		return true
	}
	b.asleep = b.requests.Announce()
	return !b.asleep
}

func (b *batchThread) wake() {
	b.asleep = false
	b.requests.Awake()
}

// waker is the ringbuf.WaitStrategy of a consumer that sleeps elsewhere.
type waker func()

func (waker) Idle(int) bool { return false }
func (waker) Sleep()        {}
func (f waker) Wake()       { f() }

// model computes each score from all bits of its row. It fails for a marked row, in the way of
// the first mark.
type model struct {
	w      *world
	number uint32 // how many models were served before it
}

// stridedModel is a model that can score rows with other data between them.
type stridedModel struct{ model }

func (w *world) model(number uint32) batcher.Model {
	if w.strided {
		return stridedModel{model{w, number}}
	}
	return model{w, number}
}

// A marked row has one of these words as its first feature. No other row has them.
const (
	markError    uint32 = 0x7fc0dea0 + iota // the model returns an error
	markPanic                               // the model panics
	markTogether                            // the model returns an error, unless the row is alone
)

func markOf(panicking bool) uint32 {
	if panicking {
		return markPanic
	}
	return markError
}

// faultOf returns how the model fails for a request whose first marked row has this mark. It
// reports false if the model does not fail.
func faultOf(mark, row uint32, vectors int) (batcher.Fault, bool) {
	switch mark {
	case markError:
		return batcher.Fault{Code: wire.ModelError, Row: row}, true
	case markPanic:
		return batcher.Fault{Code: wire.ModelPanic, Row: row}, true
	}
	return batcher.Fault{Code: wire.ModelError, Row: wire.NoRow}, vectors > 1
}

var errModel = errors.New("a marked row")

func (m model) Shape() batcher.Shape { return batcher.Shape{Outputs: m.w.format.Outputs} }

func (m model) NewScorer() batcher.Scorer        { return m }
func (m stridedModel) NewScorer() batcher.Scorer { return m }

func (m model) Score(rows []float32, dim int, out []float32) error {
	return m.score(rows, dim, dim, out)
}

func (m stridedModel) ScoreStrided(rows []float32, dim, stride int, out []float32) error {
	return m.score(rows, dim, stride, out)
}

func (m model) score(rows []float32, dim, stride int, out []float32) error {
	if m.w.inline {
		m.w.Interleave()
	}
	outputs := m.w.format.Outputs
	count, mark := len(out)/outputs, uint32(0)
	m.w.clock.compute(count)
	if m.w.noteCall != nil {
		m.w.noteCall(rows, stride, count)
	}
	if count > m.w.format.MaxVectors && m.w.OneIn(m.w.runFailRate) {
		mark = markOf(m.w.panicking)
	}
	for i := range count {
		row := rows[i*stride:][:dim]
		for k := range outputs {
			out[i*outputs+k] = ofModel(score(row, k), m.number)
		}
		if bits := math.Float32bits(row[0]); mark == 0 && bits >= markError && bits <= markTogether {
			mark = bits
		}
	}
	if mark == 0 || mark == markTogether && count == 1 {
		return nil
	}
	for i := range out {
		out[i] = -1 // not a score
	}
	if mark == markPanic {
		panic(errModel)
	}
	return errModel
}

// score returns the k-th score of row: a float from 1 to 2 that depends on all bits of row and
// their positions.
func score(row []float32, k int) float32 {
	hash := uint32(1 + k)
	for _, feature := range row {
		hash = hash*0x9e3779b1 ^ math.Float32bits(feature)
	}
	hash = hash ^ hash>>16
	return math.Float32frombits(0x3f800000 | hash*0x85ebca6b>>9)
}
