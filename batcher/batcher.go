package batcher

import (
	"errors"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/disrust/disrust/ringbuf"
	"github.com/disrust/disrust/wire"
)

// MaxSources is how many sources one Batcher can serve.
const MaxSources = math.MaxUint16 + 1

// DefaultBatchRows bounds the rows of one batch. With 128 features per row, a batch has
// 512 KiB, which stay in a second-level cache from the copy to the score.
const DefaultBatchRows = 1024

// Source is the memory that one producer of requests shares with the batcher.
type Source struct {
	Rows      []float32                   // rows * dim features
	Scores    []float32                   // Shape.Outputs per row, written by the batcher
	Responses *ringbuf.Producer[Response] // owned by the batcher from New on

	// Batches says when the responses in the ring were scored, if the Config has a Clock. It has as many
	// elements as the response ring has slots. Batches[seq % len(Batches)] is the batch that has its first
	// response in the slot of sequence seq; the others of the batch follow. What it holds for other
	// slots means nothing. Its reader must read it before it releases the slot.
	Batches []Batch
}

// Batch says when requests of one source were scored together.
type Batch struct {
	Begun  int64  // when the batch began
	Scored int64  // when it had its scores
	Count  uint32 // requests of this source
	Rows   uint32 // rows of all sources, in the Batch of one of them; 0 in the others
}

// Config describes a Batcher.
type Config struct {
	Model     Model // only New uses it: one Scorer of it scores from then on, until Replace
	Dim       int   // features per row
	Requests  *ringbuf.Consumer[Request]
	Sources   []Source
	BatchRows int                          // most rows per batch, exceeded by at most one request; 0: DefaultBatchRows
	OnFailure func(err error, vectors int) // called for each request for which the model fails; nil: not called
	Clock     func() int64                 // for Source.Batches, read when a batch begins and when it ends; nil: not filled in
}

// Batcher drains a request ring into a model. One goroutine owns it.
type Batcher struct {
	scorer    Scorer
	strided   StridedScorer // the same scorer, if it is a StridedScorer
	dim       int
	outputs   int
	batchRows int
	requests  *ringbuf.Consumer[Request]
	sources   []source
	first     ringbuf.Sequence // the first request that was polled and is not answered
	left      int              // requests that were polled and are not answered
	scored    int              // requests of the current batch
	rows      int              // rows of the current batch
	calling   bool             // the model was called and has not returned
	onFailure func(error, int)
	clock     func() int64
	begun     int64 // when the current batch began
	stats     stats
	next      atomic.Pointer[Scorer] // to replace scorer at the next Poll, or nil; Replace sets it
}

// source is a Source and its answers in the current batch, which are not yet published.
type source struct {
	Source
	lo    ringbuf.Sequence
	count int
}

// New checks cfg and returns a Batcher. Only New allocates.
func New(cfg Config) (*Batcher, error) {
	switch {
	case cfg.Model == nil:
		return nil, errors.New("batcher: no model")
	case cfg.Dim < 1:
		return nil, fmt.Errorf("batcher: dim %d: at least 1 is needed", cfg.Dim)
	case cfg.Requests == nil:
		return nil, errors.New("batcher: no request ring")
	case len(cfg.Sources) < 1 || len(cfg.Sources) > MaxSources:
		return nil, fmt.Errorf("batcher: %d sources: 1 to %d are allowed", len(cfg.Sources), MaxSources)
	case cfg.BatchRows < 0:
		return nil, fmt.Errorf("batcher: batch of %d rows: at least 1 is needed, or 0 for %d", cfg.BatchRows, DefaultBatchRows)
	}
	scorer, err := newScorer(cfg.Model, cfg.Dim)
	if err != nil {
		return nil, err
	}
	b := &Batcher{
		dim: cfg.Dim, outputs: cfg.Model.Shape().Outputs, batchRows: cfg.BatchRows, requests: cfg.Requests,
		sources: make([]source, len(cfg.Sources)), onFailure: cfg.OnFailure, clock: cfg.Clock,
	}
	b.setScorer(scorer)
	if b.batchRows == 0 {
		b.batchRows = DefaultBatchRows
	}
	for i, s := range cfg.Sources {
		if rows := len(s.Rows) / cfg.Dim; len(s.Rows) != rows*cfg.Dim || len(s.Scores) != rows*b.outputs {
			return nil, fmt.Errorf("batcher: source %d has %d features for %d scores of dim %d with outputs %d",
				i, len(s.Rows), len(s.Scores), cfg.Dim, b.outputs)
		}
		if slots := len(s.Batches); cfg.Clock != nil && (slots == 0 || slots&(slots-1) != 0) {
			return nil, fmt.Errorf("batcher: source %d has %d batches: as many as slots of its response ring are needed", i, slots)
		}
		b.sources[i].Source = s
	}
	return b, nil
}

// newScorer returns a scorer of m for rows of dim features.
func newScorer(m Model, dim int) (Scorer, error) {
	shape := m.Shape()
	if err := shape.Validate(); err != nil {
		return nil, err
	}
	if shape.Dim != 0 && shape.Dim != dim {
		return nil, fmt.Errorf("batcher: dim %d: the model has dim %d", dim, shape.Dim)
	}
	scorer := m.NewScorer()
	if scorer == nil {
		return nil, errors.New("batcher: the model returned no Scorer")
	}
	return scorer, nil
}

func (b *Batcher) setScorer(s Scorer) {
	b.scorer = s
	b.strided, _ = s.(StridedScorer)
}

// Poll answers the requests that it finds in the request ring, batch by batch, and wakes
// each source that has answers once per batch. It returns how many requests it answered
// and never waits. No allocation.
func (b *Batcher) Poll() int {
	if b.left == 0 { // otherwise the model ended the goroutine of the last Poll
		if b.Replacing() {
			b.replace()
		}
		b.first, b.left = b.requests.Poll(b.batchRows) // each request has at least one row
	}
	count := b.left
	if count == 0 {
		b.stats.empty()
		return 0
	}
	if b.clock != nil {
		b.begun = b.clock()
	}
	first, second := b.requests.Slots(b.first, count)
	b.score(first)
	b.score(second)
	b.publish()
	b.stats.batch(count)
	return count
}

// score answers requests run by run. It publishes whenever a batch is full, so that the
// first answers do not wait for the last of many large requests.
func (b *Batcher) score(requests []Request) {
	for len(requests) > 0 {
		count, rows := run(requests, b.batchRows-b.rows)
		b.scoreRun(requests[:count], rows)
		requests = requests[count:]
		if b.rows += rows; b.rows >= b.batchRows {
			b.publish()
		}
	}
}

// run returns how many requests, from the first on, follow each other without a gap in the
// rows of one source, and how many rows they have. It stops once it has maxRows, so the last
// request may exceed maxRows.
func run(requests []Request, maxRows int) (count, rows int) {
	source, next := requests[0].Source, requests[0].Row
	for count < len(requests) && rows < maxRows {
		r := &requests[count]
		if r.Row != next || r.Source != source {
			break
		}
		next += uint32(r.Vectors)
		rows += int(r.Vectors)
		count++
	}
	return count, rows
}

// scoreRun answers one run. If the model fails for the run as a whole, scoreRun answers
// its requests one at a time.
func (b *Batcher) scoreRun(requests []Request, rows int) {
	src := &b.sources[requests[0].Source]
	row := int(requests[0].Row)
	in, out := src.Rows[row*b.dim:(row+rows)*b.dim:(row+rows)*b.dim], src.Scores[row*b.outputs:(row+rows)*b.outputs:(row+rows)*b.outputs]
	err := b.call(in, out)
	if err != nil && len(requests) > 1 {
		for i := range requests {
			b.scoreRun(requests[i:i+1], int(requests[i].Vectors))
		}
		return
	}
	failed := uint16(0)
	if err != nil {
		fault := b.fail(err, in, out)
		failed, out[0] = uint16(fault.Code), math.Float32frombits(fault.Row)
	}
	src.answer(requests, failed)
	b.first += ringbuf.Sequence(len(requests))
	b.left -= len(requests)
	b.scored += len(requests)
}

// fail counts and reports that the model failed with err for the request with these rows. It
// returns the fault, for which it calls the model with one row at a time.
func (b *Batcher) fail(err error, rows, out []float32) Fault {
	b.stats.failed()
	vectors := len(out) / b.outputs
	row := uint32(wire.NoRow)
	if vectors == 1 {
		row = 0
	}
	for i := 0; vectors > 1 && i < vectors; i++ {
		if alone := b.call(rows[i*b.dim:(i+1)*b.dim:(i+1)*b.dim], out[i*b.outputs:(i+1)*b.outputs:(i+1)*b.outputs]); alone != nil {
			err, row = alone, uint32(i)
			break
		}
	}
	if b.onFailure != nil {
		b.onFailure(err, vectors)
	}
	if _, panicked := err.(*PanicError); panicked {
		return Fault{wire.ModelPanic, row}
	}
	return Fault{wire.ModelError, row}
}

// answer writes the responses to requests into slots that publish will reveal.
func (s *source) answer(requests []Request, failed uint16) {
	lo, ok := s.Responses.Claim(len(requests))
	if !ok {
		panic("batcher: response ring full: its source has more in flight than the ring has slots")
	}
	if s.count == 0 {
		s.lo = lo
	}
	s.count += len(requests)
	first, second := s.Responses.Slots(lo, len(requests))
	fill(first, requests[:len(first)], failed)
	fill(second, requests[len(first):], failed)
}

func fill(responses []Response, requests []Request, failed uint16) {
	for i := range responses {
		r := &requests[i]
		responses[i] = Response{Key: r.Key, Row: r.Row, Vectors: r.Vectors, Failed: failed}
	}
}

// publish reveals the batch's responses, with one store and at most one wake per source.
//
// Order: it frees the slots of the batch's requests first, because a source that has its
// answers may rely on the free slots.
func (b *Batcher) publish() {
	if b.clock != nil && b.scored > 0 {
		b.stamp()
	}
	b.requests.Release(b.scored)
	for i := range b.sources {
		s := &b.sources[i]
		if s.count > 0 {
			s.Responses.Publish(s.lo, s.count)
			s.count = 0
		}
	}
	b.scored, b.rows = 0, 0
}

// stamp says in Source.Batches when the batch was scored. The next one begins now.
func (b *Batcher) stamp() {
	batch := Batch{Begun: b.begun, Scored: b.clock(), Rows: uint32(b.rows)}
	for i := range b.sources {
		if s := &b.sources[i]; s.count > 0 {
			batch.Count = uint32(s.count)
			s.Batches[int(s.lo)&(len(s.Batches)-1)] = batch
			batch.Rows = 0
		}
	}
	b.begun = batch.Scored
}

// Exited reports whether the model has ended the goroutine that called Poll, Run or a method
// that scores in place (runtime.Goexit). Only a deferred function of that goroutine can learn
// this. It may go on to call Poll or Run: the Batcher does not call the model again, and
// answers all requests as failed, beginning with those that it had polled.
func (b *Batcher) Exited() bool { return b.calling }

// ErrExited is the failure of requests whose model has ended its goroutine.
var ErrExited = errors.New("batcher: the model ended its goroutine (runtime.Goexit)")

// PanicError is the panic of a model, as OnFailure receives it.
type PanicError struct {
	Value any
	Stack []byte // the stack of the goroutine at the panic, as debug.Stack writes it
}

func (e *PanicError) Error() string { return fmt.Sprintf("batcher: the model panicked: %v", e.Value) }
