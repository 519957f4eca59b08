package batcher_test

import (
	"fmt"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/bufpool"
	"github.com/disrust/disrust/ringbuf"
)

// bench is one batcher and its sources, set up as a server does.
type bench struct {
	*batcher.Batcher
	requests *ringbuf.Ring[batcher.Request]
	sources  []*source
	failures []failure // the calls of OnFailure
	clock    int64
}

func (b *bench) now() int64 {
	b.clock++
	return b.clock
}

type failure struct {
	err     error
	vectors int
}

// source is a producer of requests with its own pool.
type source struct {
	pool      *bufpool.Pool
	shared    batcher.Source
	requests  *ringbuf.Producer[batcher.Request]
	responses *ringbuf.Consumer[batcher.Response]
	waker     *waker
	dim       int
	outputs   uint32
	index     uint16
	batch     batcher.Batch // of the last answer; its Count is of answers that are still to come
	rows      uint32        // of all batches
}

// wide is a model whose scorer gives several scores per row: the sum of the row, twice the
// sum, and so on, plus an offset that tells models apart. It fails for rows that have a poisoned
// feature.
type wide struct{ outputs, offset int }

func (w wide) Shape() batcher.Shape      { return batcher.Shape{Outputs: w.outputs} }
func (w wide) NewScorer() batcher.Scorer { return w }

func (w wide) Score(rows []float32, dim int, out []float32) error {
	return w.ScoreStrided(rows, dim, dim, out)
}

func (w wide) ScoreStrided(rows []float32, dim, stride int, out []float32) error {
	for i := range len(out) / w.outputs {
		row, sum := rows[i*stride:][:dim], float32(0)
		for _, v := range row {
			if v == poisoned {
				return errPoison
			}
			sum += v
		}
		for k := range w.outputs {
			out[i*w.outputs+k] = sum*float32(k+1) + float32(w.offset)
		}
	}
	return nil
}

// waker counts wakes; it never sleeps.
type waker struct{ wakes int }

func (w *waker) Idle(int) bool { return false }
func (w *waker) Sleep()        {}
func (w *waker) Wake()         { w.wakes++ }

// setup makes a batcher whose sources have rows rows each. Any error fails the test.
func setup(t testing.TB, model batcher.Model, dim, sources, rows, batchRows int) *bench {
	t.Helper()
	b := &bench{requests: must[*ringbuf.Ring[batcher.Request]](t)(ringbuf.NewMPSC[batcher.Request](1024, ringbuf.NewBlock(10)))}
	cfg := batcher.Config{
		Model: model, Dim: dim, Requests: b.requests.Consumer(), BatchRows: batchRows,
		OnFailure: func(err error, vectors int) { b.failures = append(b.failures, failure{err, vectors}) }, Clock: b.now,
	}
	for i := range sources {
		s := newSource(t, b.requests, dim, model.Shape().Outputs, rows)
		s.index = uint16(i)
		b.sources = append(b.sources, s)
		cfg.Sources = append(cfg.Sources, s.shared)
	}
	b.Batcher = must[*batcher.Batcher](t)(batcher.New(cfg))
	return b
}

func newSource(t testing.TB, requests *ringbuf.Ring[batcher.Request], dim, outputs, rows int) *source {
	s := &source{
		pool: must[*bufpool.Pool](t)(bufpool.New(bufpool.Config{Size: rows * dim * 4, Spans: rows})), waker: &waker{},
		requests: requests.Producer(), dim: dim, outputs: uint32(outputs),
	}
	t.Cleanup(func() { s.pool.Close() })
	ring := must[*ringbuf.Ring[batcher.Response]](t)(ringbuf.NewSPSC[batcher.Response](1024, s.waker))
	s.responses = ring.Consumer()
	s.shared = batcher.Source{
		Rows: make([]float32, rows*dim), Scores: make([]float32, rows*outputs), Responses: ring.Producer(), Batches: make([]batcher.Batch, ring.Capacity()),
	}
	return s
}

// ask queues one request, all of whose features are value, if there is room.
func (s *source) ask(key uint64, vectors int, value float32) bool {
	buf, err := s.pool.Alloc(vectors * s.dim * 4)
	if err != nil {
		return false
	}
	span := s.pool.Freeze(buf)
	row := span.Offset / (s.dim * 4)
	for i := range vectors * s.dim {
		s.shared.Rows[row*s.dim+i] = value
	}
	lo, ok := s.requests.Claim(1)
	if !ok {
		panic("test: request ring full")
	}
	*s.requests.Slot(lo) = batcher.Request{Key: key, Row: uint32(row), Vectors: uint16(vectors), Source: s.index}
	s.requests.Publish(lo, 1)
	return true
}

// answers polls all responses, calls f with each, and releases their rows.
func (s *source) answers(f func(r batcher.Response, scores []float32)) {
	for {
		lo, count := s.responses.Poll(64)
		if count == 0 {
			return
		}
		for i := range count {
			r := *s.responses.Slot(lo + ringbuf.Sequence(i))
			s.follow(lo+ringbuf.Sequence(i), r)
			f(r, s.shared.Scores[r.Row*s.outputs:(r.Row+uint32(r.Vectors))*s.outputs])
			if r.Vectors == 0 {
				continue
			}
			s.pool.Release(bufpool.Span{Offset: int(r.Row) * s.dim * 4, Size: int(r.Vectors) * s.dim * 4})
		}
		s.responses.Release(count)
	}
}

// follow checks that each answer belongs to a batch, and that batches do not overlap.
func (s *source) follow(seq ringbuf.Sequence, r batcher.Response) {
	switch {
	case r.Vectors == 0 && s.batch.Count > 0:
		panic("test: another model within a batch")
	case r.Vectors == 0:
		return
	case s.batch.Count == 0:
		next := s.shared.Batches[int(seq)%len(s.shared.Batches)]
		if next.Count == 0 || next.Begun < s.batch.Scored || next.Scored <= next.Begun {
			panic(fmt.Sprintf("test: batch %+v follows %+v", next, s.batch))
		}
		s.batch = next
		s.rows += next.Rows
	}
	s.batch.Count--
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
