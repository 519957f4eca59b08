package batcher_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/ringbuf"
)

// spy is the sum model. It notes how many rows each call had.
type spy struct{ calls []int }

func (*spy) Shape() batcher.Shape        { return batcher.Shape{Outputs: 1} }
func (s *spy) NewScorer() batcher.Scorer { return s }

func (s *spy) Score(rows []float32, dim int, out []float32) error {
	s.calls = append(s.calls, len(out))
	return batcher.Sum{}.Score(rows, dim, out)
}

func TestContiguousRequestsAreOneCall(t *testing.T) {
	model := &spy{}
	b := setup(t, model, 4, 1, 100, 0)
	for i := range 10 {
		b.sources[0].ask(uint64(i), 1+i%3, float32(i))
	}
	if n := b.Poll(); n != 10 {
		t.Fatalf("Poll answered %d requests, want 10", n)
	}
	if want := []int{1 + 2 + 3 + 1 + 2 + 3 + 1 + 2 + 3 + 1}; !slices.Equal(model.calls, want) {
		t.Errorf("model calls of %v rows, want %v", model.calls, want)
	}
	next := uint64(0)
	b.sources[0].answers(func(r batcher.Response, scores []float32) {
		if r.Key != next || r.Failed != 0 {
			t.Errorf("response %+v, want key %d", r, next)
		}
		for _, s := range scores {
			if s != 4*float32(next) {
				t.Errorf("key %d: score %v, want %v", next, s, 4*float32(next))
			}
		}
		next++
	})
	if next != 10 {
		t.Errorf("%d responses, want 10", next)
	}
}

func TestBatchRowsCutsRunsAndPublishes(t *testing.T) {
	model := &spy{}
	b := setup(t, model, 1, 1, 100, 8)
	for i := range 6 {
		b.sources[0].ask(uint64(i), 3, 1)
	}
	b.Poll()
	if want := []int{9, 9}; !slices.Equal(model.calls, want) {
		t.Errorf("model calls of %v rows, want %v: at most 8 rows, or one request more", model.calls, want)
	}
}

func TestEachSourceIsWokenOnceABatch(t *testing.T) {
	b := setup(t, &spy{}, 1, 3, 100, 0)
	for _, s := range b.sources {
		if !s.responses.Announce() {
			t.Fatal("Announce found a response before any request")
		}
	}
	for i := range 8 { // sources 0 and 1 alternate: eight runs
		b.sources[i%2].ask(uint64(i), 1, 1)
	}
	b.Poll()
	for i, want := range []int{1, 1, 0} {
		if got := b.sources[i].waker.wakes; got != want {
			t.Errorf("source %d was woken %d times, want %d", i, got, want)
		}
	}
}

func TestFailureConcernsOnlyItsRequest(t *testing.T) {
	poison := float32(13)
	for name, fault := range map[string]func() error{
		"error": func() error { return errors.New("poison") },
		"panic": func() error { panic("poison") },
	} {
		t.Run(name, func(t *testing.T) {
			model := batcher.ModelFunc(func(rows []float32, dim int, out []float32) error {
				if slices.Contains(rows, poison) {
					return fault()
				}
				return batcher.Sum{}.Score(rows, dim, out)
			})
			b := setup(t, model, 2, 1, 100, 0)
			for i := range 20 {
				b.sources[0].ask(uint64(i), 2, float32(i))
			}
			b.Poll()
			b.sources[0].answers(func(r batcher.Response, scores []float32) {
				if failed := r.Failed != 0; failed != (r.Key == uint64(poison)) {
					t.Errorf("key %d: failed is %v", r.Key, failed)
				} else if !failed && scores[1] != 2*float32(r.Key) {
					t.Errorf("key %d: score %v", r.Key, scores[1])
				}
			})
			if len(b.failures) != 1 || b.Stats().Failures != 1 {
				t.Errorf("%d failures noted, %d counted, want 1", len(b.failures), b.Stats().Failures)
			}
		})
	}
}

func TestRunDrainsAfterClose(t *testing.T) {
	b := setup(t, batcher.Sum{}, 1, 1, 100, 0)
	ended := make(chan struct{})
	go func() { b.Run(); close(ended) }()
	for i := range 50 {
		b.sources[0].ask(uint64(i), 1, 1)
	}
	b.requests.Close()
	<-ended
	count := 0
	b.sources[0].answers(func(batcher.Response, []float32) { count++ })
	if count != 50 {
		t.Errorf("%d answers after Close, want 50", count)
	}
}

func TestFullResponseRingPanics(t *testing.T) {
	requests := must[*ringbuf.Ring[batcher.Request]](t)(ringbuf.NewSPSC[batcher.Request](4, nil))
	responses := must[*ringbuf.Ring[batcher.Response]](t)(ringbuf.NewSPSC[batcher.Response](2, nil))
	b := must[*batcher.Batcher](t)(batcher.New(batcher.Config{
		Model: batcher.Sum{}, Dim: 1, Requests: requests.Consumer(),
		Sources: []batcher.Source{{Rows: make([]float32, 5), Scores: make([]float32, 5), Responses: responses.Producer()}},
	}))
	p := requests.Producer()
	lo, _ := p.Claim(3)
	for i := range ringbuf.Sequence(3) { // every second row, so that no two requests are one run
		*p.Slot(lo + i) = batcher.Request{Row: uint32(2 * i), Vectors: 1}
	}
	p.Publish(lo, 3)
	defer func() {
		if s, ok := recover().(string); !ok || !strings.HasPrefix(s, "batcher: ") {
			t.Errorf("panic %q, want one with the prefix batcher:", s)
		}
	}()
	b.Poll()
	t.Error("three responses fitted into a ring of two slots")
}

// shaped is the sum model with another shape.
type shaped struct{ shape batcher.Shape }

func (s shaped) Shape() batcher.Shape    { return s.shape }
func (shaped) NewScorer() batcher.Scorer { return batcher.Sum{} }

// scorerless is a model whose NewScorer returns nil.
type scorerless struct{ batcher.Sum }

func (scorerless) NewScorer() batcher.Scorer { return nil }

func TestNewRefuses(t *testing.T) {
	requests := must[*ringbuf.Ring[batcher.Request]](t)(ringbuf.NewSPSC[batcher.Request](4, nil))
	good := batcher.Config{Model: batcher.Sum{}, Dim: 2, Requests: requests.Consumer(), Sources: make([]batcher.Source, 1)}
	for name, spoil := range map[string]func(*batcher.Config){
		"no model":            func(c *batcher.Config) { c.Model = nil },
		"dim 0":               func(c *batcher.Config) { c.Dim = 0 },
		"no request ring":     func(c *batcher.Config) { c.Requests = nil },
		"0 sources":           func(c *batcher.Config) { c.Sources = nil },
		"65537 sources":       func(c *batcher.Config) { c.Sources = make([]batcher.Source, batcher.MaxSources+1) },
		"batch of -1 rows":    func(c *batcher.Config) { c.BatchRows = -1 },
		"the model has dim 3": func(c *batcher.Config) { c.Model = shaped{batcher.Shape{Dim: 3, Outputs: 1}} },
		"0 outputs":           func(c *batcher.Config) { c.Model = shaped{} },
		"returned no Scorer":  func(c *batcher.Config) { c.Model = scorerless{} },
		"3 features for 1": func(c *batcher.Config) {
			c.Sources = []batcher.Source{{Rows: make([]float32, 3), Scores: make([]float32, 1)}}
		},
		"source 0 has 3 batches": func(c *batcher.Config) {
			c.Clock, c.Sources = func() int64 { return 0 }, []batcher.Source{{Batches: make([]batcher.Batch, 3)}}
		},
	} {
		cfg := good
		spoil(&cfg)
		if _, err := batcher.New(cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v does not say so", name, err)
		}
	}
	if _, err := batcher.New(good); err != nil {
		t.Errorf("a good Config: %v", err)
	}
}

func TestPollDoesNotAllocate(t *testing.T) {
	b := setup(t, batcher.Sum{}, 128, 2, 64, 0)
	s := b.sources[0]
	drop := func(batcher.Response, []float32) {}
	if n := testing.AllocsPerRun(100, func() {
		s.ask(1, 4, 1)
		s.ask(2, 1, 1)
		b.Poll()
		s.answers(drop)
	}); n != 0 {
		t.Errorf("%v allocations per batch, want 0", n)
	}
}

// TestSlotsAreFreeBeforeAnswers: a source that has an answer finds room for its next request,
// even in a ring of one slot.
func TestSlotsAreFreeBeforeAnswers(t *testing.T) {
	requests := must[*ringbuf.Ring[batcher.Request]](t)(ringbuf.NewSPSC[batcher.Request](1, nil))
	responses := must[*ringbuf.Ring[batcher.Response]](t)(ringbuf.NewSPSC[batcher.Response](1, nil))
	b := must[*batcher.Batcher](t)(batcher.New(batcher.Config{
		Model: batcher.Sum{}, Dim: 1, Requests: requests.Consumer(),
		Sources: []batcher.Source{{Rows: make([]float32, 1), Scores: make([]float32, 1), Responses: responses.Producer()}},
	}))
	ended := make(chan struct{})
	go func() { b.Run(); close(ended) }()
	p, c := requests.Producer(), responses.Consumer()
	for i := range 20_000 {
		lo, ok := p.Claim(1)
		if !ok {
			t.Fatalf("request %d: no slot after the answer to the one before", i)
		}
		*p.Slot(lo) = batcher.Request{Vectors: 1}
		p.Publish(lo, 1)
		c.Wait()
		c.Poll(1)
		c.Release(1)
	}
	requests.Close()
	<-ended
}
