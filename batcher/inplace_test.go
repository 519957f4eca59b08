package batcher_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/wire"
)

// apart is the sum model for rows with other data between them. It fails for a row that begins
// with poisoned, and then leaves wrong scores in out.
type apart struct {
	fault func() error
	most  int // the most rows in a call for which it does not fail; 0: no limit
	calls []int
}

func (*apart) Shape() batcher.Shape        { return batcher.Shape{Outputs: 1} }
func (a *apart) NewScorer() batcher.Scorer { return a }

func (a *apart) Score(rows []float32, dim int, out []float32) error {
	return a.ScoreStrided(rows, dim, dim, out)
}

func (a *apart) ScoreStrided(rows []float32, dim, stride int, out []float32) error {
	a.calls = append(a.calls, len(out))
	failed := a.most > 0 && len(out) > a.most
	for i := range out {
		row := rows[i*stride:][:dim]
		failed = failed || row[0] == poisoned
		out[i] = 0
		for _, v := range row {
			out[i] += v
		}
	}
	if !failed {
		return nil
	}
	for i := range out {
		out[i] = -1
	}
	return a.fault()
}

var errPoison = errors.New("poison")

func returned() error { return errPoison }
func panicked() error { panic(errPoison) }

// wantFailure fails the test unless OnFailure was called exactly once: for a request of the
// given number of vectors, after the model ended with errPoison.
func wantFailure(t interface{ Fatalf(string, ...any) }, got []failure, vectors int) {
	if len(got) != 1 || got[0].vectors != vectors {
		t.Fatalf("OnFailure was called for %+v, want one request of %d vectors", got, vectors)
	}
	var p *batcher.PanicError
	if err := got[0].err; err != errPoison && !(errors.As(err, &p) && p.Value == errPoison) {
		t.Fatalf("OnFailure was called with the error %v, want %v", err, errPoison)
	}
}

func TestStrided(t *testing.T) {
	for name, c := range map[string]struct {
		model batcher.Model
		want  bool
	}{
		"Sum":       {batcher.Sum{}, true},
		"apart":     {&apart{}, true},
		"ModelFunc": {batcher.ModelFunc(batcher.Sum{}.Score), false},
		"spy":       {&spy{}, false},
	} {
		if got := setup(t, c.model, 1, 1, 1, 0).Strided(); got != c.want {
			t.Errorf("%s: Strided is %v", name, got)
		}
	}
}

// TestApartIsOneCall: ScoreApart calls the model once. If that fails, it calls the model once
// per request.
func TestApartIsOneCall(t *testing.T) {
	for name, c := range map[string]struct {
		most  int
		calls []int
	}{
		"the model does not fail":     {0, []int{4}},
		"the model fails for several": {1, []int{4, 1, 1, 1, 1}},
	} {
		model := &apart{fault: panicked, most: c.most}
		b := setup(t, model, 2, 1, 1, 0)
		out := make([]float32, 4)
		if n, _ := b.ScoreApart([]float32{1, 2, poisoned, 3, 4, poisoned, 5, 6, poisoned, 7, 8}, 3, out); n != 4 {
			t.Errorf("%s: %d answered, want 4", name, n)
		}
		if want := []float32{3, 7, 11, 15}; !slices.Equal(out, want) {
			t.Errorf("%s: scores %v, want %v", name, out, want)
		}
		if !slices.Equal(model.calls, c.calls) {
			t.Errorf("%s: model calls of %v rows, want %v", name, model.calls, c.calls)
		}
		if len(b.failures) != 0 || b.Stats().Failures != 0 || b.Stats().Requests != 4 {
			t.Errorf("%s: failures %+v, %+v; want no failure of 4 requests", name, b.failures, b.Stats())
		}
	}
}

// TestSeveralOutputs: in place, each row gets its scores side by side.
func TestSeveralOutputs(t *testing.T) {
	b, out := setup(t, wide{outputs: 3}, 2, 1, 1, 0), make([]float32, 6)
	if n, fault := b.ScoreApart([]float32{1, 2, poisoned, 3, 4}, 3, out); n != 2 || fault != (batcher.Fault{}) {
		t.Errorf("apart: %d answered, %+v", n, fault)
	}
	if want := []float32{3, 6, 9, 7, 14, 21}; !slices.Equal(out, want) {
		t.Errorf("apart: scores %v, want %v", out, want)
	}
	answers := make([]float32, 14)
	layout := batcher.Layout{Count: 2, Vectors: 2, RowStride: 5, ScoreStride: 7}
	n, fault := b.ScoreInPlace([]float32{1, 2, 3, 4, poisoned, 5, 6, 7, poisoned}, answers, layout)
	if want := (batcher.Fault{Code: wire.ModelError, Row: 1}); n != 1 || fault != want {
		t.Errorf("in place: %d answered, %+v, want one and %+v", n, fault, want)
	}
	if want := []float32{3, 6, 9, 7, 14, 21, 0}; !slices.Equal(answers[:7], want) {
		t.Errorf("in place: scores %v, want %v", answers[:7], want)
	}
}

// TestNothingIsScoredAfterAFailure: the model is not called for requests after the first one
// for which it fails.
func TestNothingIsScoredAfterAFailure(t *testing.T) {
	model := &apart{fault: returned}
	b := setup(t, model, 1, 1, 1, 0)
	if n, _ := b.ScoreApart([]float32{1, 2, poisoned, 3, poisoned, 4}, 1, make([]float32, 6)); n != 2 {
		t.Errorf("%d answered, want the 2 before the first poison", n)
	}
	if want := []int{6, 1, 1, 1}; !slices.Equal(model.calls, want) {
		t.Errorf("model calls of %v rows, want %v", model.calls, want)
	}
	wantFailure(t, b.failures, 1)

	model.calls, b.failures = nil, nil
	requests := []float32{1, 2, 0, poisoned, 4, 0, 5, 6} // of two vectors, with other data between them
	if n, _ := b.ScoreInPlace(requests, make([]float32, 8), batcher.Layout{Count: 3, Vectors: 2, RowStride: 3, ScoreStride: 3}); n != 1 {
		t.Errorf("%d answered, want the one before the poison", n)
	}
	if want := []int{2, 2, 1}; !slices.Equal(model.calls, want) { // the last to find the row that fails
		t.Errorf("model calls of %v rows, want %v", model.calls, want)
	}
	wantFailure(t, b.failures, 2)
}

// TestInPlaceMisuse: slices that are too short for the layout panic, and do not count as a
// failure of the model.
func TestInPlaceMisuse(t *testing.T) {
	b := setup(t, batcher.Sum{}, 2, 1, 1, 0)
	for name, c := range map[string]struct{ rows, scores, count int }{
		"rows":     {6, 3, 2},
		"scores":   {7, 2, 2},
		"requests": {7, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil || len(b.failures) != 0 {
					t.Errorf("no panic, or it was counted as a failure of the model: %+v", b.failures)
				}
			}()
			layout := batcher.Layout{Count: c.count, Vectors: 1, RowStride: 5, ScoreStride: 2}
			b.ScoreInPlace(make([]float32, c.rows), make([]float32, c.scores), layout)
		})
	}
	layout := batcher.Layout{Count: 2, Vectors: 1, RowStride: 5, ScoreStride: 2}
	if n, _ := b.ScoreInPlace(make([]float32, 7), make([]float32, 3), layout); n != 2 {
		t.Errorf("slices that just suffice: %d answered", n)
	}
}

func TestInPlaceDoesNotAllocate(t *testing.T) {
	const dim, stride, count = 16, 17, 8
	good, bad := make([]float32, count*stride), make([]float32, count*stride)
	bad[5*stride] = poisoned
	for name, model := range map[string]batcher.Model{
		"Sum": batcher.Sum{}, "apart": &apart{fault: returned, calls: make([]int, 0, 4*count)},
	} {
		b, out, answers := setup(t, model, dim, 1, 1, 0), make([]float32, count), make([]float32, 2*count)
		layout := batcher.Layout{Count: count, Vectors: 1, RowStride: stride, ScoreStride: 2}
		if n := testing.AllocsPerRun(100, func() {
			b.ScoreInPlace(good, answers, layout)
			b.ScoreApart(good, stride, out)
			b.ScoreInPlace(bad, answers, layout)
			b.ScoreApart(bad, stride, out)
			b.failures = b.failures[:0]
			if a, ok := model.(*apart); ok {
				a.calls = a.calls[:0]
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}
