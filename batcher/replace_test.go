package batcher_test

import (
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher"
)

func TestScorerOfRefuses(t *testing.T) {
	b := setup(t, wide{outputs: 2}, 3, 1, 8, 0)
	for _, c := range []struct {
		model batcher.Model
		want  string
	}{
		{wide{outputs: 1}, "other outputs"},
		{wide{outputs: 0}, "0 outputs"},
		{mute{}, "no Scorer"},
		{narrow{}, "the model has dim 2"},
	} {
		if s, err := b.ScorerOf(c.model); s != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: %v, %v, want %q", c.model, s, err, c.want)
		}
	}
}

// mute has no scorer.
type mute struct{}

func (mute) Shape() batcher.Shape      { return batcher.Shape{Outputs: 2} }
func (mute) NewScorer() batcher.Scorer { return nil }

// narrow has another dim.
type narrow struct{ wide }

func (narrow) Shape() batcher.Shape { return batcher.Shape{Outputs: 2, Dim: 2} }

// TestReplaceInRun: a Batcher that waits for requests takes another model when it is alerted, and
// a strided scorer may follow one that is not, and the other way round.
func TestReplaceInRun(t *testing.T) {
	b := setup(t, batcher.ModelFunc(func(_ []float32, _ int, out []float32) error { out[0] = 1; return nil }), 1, 1, 8, 0)
	ended := make(chan struct{})
	go func() { defer close(ended); b.Run() }()
	for i := range 100 {
		var other batcher.Model = wide{outputs: 1, offset: i}
		if i%2 == 0 {
			other = batcher.ModelFunc(func(rows []float32, dim int, out []float32) error {
				return wide{outputs: 1, offset: i}.Score(rows, dim, out)
			})
		}
		if err := b.Replace(must[batcher.Scorer](t)(b.ScorerOf(other))); err != nil {
			t.Fatal(err)
		}
		b.requests.Alert()
		news := 0
		for news == 0 {
			b.sources[0].answers(func(r batcher.Response, _ []float32) {
				if r.Vectors > 0 {
					t.Fatalf("an answer to nothing: %+v", r)
				}
				news++
			})
		}
		b.sources[0].ask(uint64(i), 1, 5)
		for answered := false; !answered; {
			b.sources[0].answers(func(r batcher.Response, scores []float32) {
				if answered = true; scores[0] != float32(5+i) {
					t.Errorf("model %d: score %v", i, scores[0])
				}
			})
		}
	}
	b.requests.Close()
	<-ended
}
