package batcher_test

import (
	"slices"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/wire"
	"pgregory.net/rapid"
)

// drawApart draws a model that fails in either way. It may also fail for every run of several
// rows.
func drawApart(t *rapid.T) *apart {
	return &apart{
		fault: rapid.SampledFrom([]func() error{returned, panicked}).Draw(t, "fault"),
		most:  rapid.IntRange(0, 2).Draw(t, "most"),
	}
}

// drawValues draws the values of some rows. A few are poisoned.
func drawValues(t *rapid.T, most int) []float32 {
	values := rapid.SliceOfN(rapid.Float32Range(0, 50), 1, most).Draw(t, "values")
	for i, v := range values {
		values[i] = float32(int(v)) // sums of integers are exact
	}
	for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(values)-1), 0, 3).Draw(t, "poisoned") {
		values[i] = poisoned
	}
	return values
}

// rowsOf returns rows of values that begin stride features apart. Everything between them is
// poison, and the slice ends with the last row.
func rowsOf(values []float32, dim, stride int) []float32 {
	rows := make([]float32, (len(values)-1)*stride+dim)
	for i := range rows {
		rows[i] = poisoned
		if i%stride < dim {
			rows[i] = values[i/stride]
		}
	}
	return rows
}

// TestApartAnswersAsPoll: ScoreApart answers the requests before the first failure as the
// rings would, and none from that one on.
func TestApartAnswersAsPoll(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		model, values := drawApart(rt), drawValues(rt, 20)
		dim := rapid.IntRange(1, 9).Draw(rt, "dim")
		stride := dim + rapid.IntRange(0, 5).Draw(rt, "gap")
		b, out := setup(t, model, dim, 1, 1, 0), make([]float32, len(values))
		n, fault := b.ScoreApart(rowsOf(values, dim, stride), stride, out)

		polled, ring := poll(t, model, dim, values)
		if first := slices.IndexFunc(ring, func(a answered) bool { return a.failed }); first < 0 {
			if n != len(values) || len(b.failures) != 0 || fault != (batcher.Fault{}) {
				rt.Fatalf("%d of %d answered, failures %+v; want all", n, len(values), b.failures)
			}
			if got, want := b.Stats(), polled.Stats(); got.Requests != want.Requests || got.Failures != want.Failures {
				rt.Fatalf("counted %+v, through the rings %+v", got, want)
			}
		} else {
			if n != first {
				rt.Fatalf("%d answered, want the %d before the first failure", n, first)
			}
			wantFailure(rt, b.failures, 1)
			if want := (batcher.Fault{Code: code(b.failures[0].err)}); fault != want || ring[first].fault != want {
				rt.Fatalf("fault %+v, through the rings %+v, want %+v", fault, ring[first].fault, want)
			}
			if got := b.Stats(); got.Requests != uint64(n+1) || got.Failures != 1 {
				rt.Fatalf("counted %+v, want %d requests, the last of them failed", got, n+1)
			}
		}
		for i, score := range out[:n] {
			if score != ring[i].score || score != float32(dim)*values[i] {
				rt.Fatalf("request %d: score %v, through the rings %v, want %v", i, score, ring[i].score, float32(dim)*values[i])
			}
		}
	})
}

// answered is the answer to a request of one vector through the rings.
type answered struct {
	score  float32
	failed bool
	fault  batcher.Fault
}

// code returns the code of a fault with this error.
func code(err error) uint32 {
	if _, panicked := err.(*batcher.PanicError); panicked {
		return wire.ModelPanic
	}
	return wire.ModelError
}

// poll answers requests of one vector through the rings of a batcher.
func poll(tb testing.TB, model batcher.Model, dim int, values []float32) (*bench, []answered) {
	b := setup(tb, model, dim, 1, len(values), 0)
	for i, v := range values {
		b.sources[0].ask(uint64(i), 1, v)
	}
	b.Poll()
	answers := make([]answered, len(values))
	b.sources[0].answers(func(r batcher.Response, scores []float32) {
		answers[r.Key] = answered{scores[0], r.Failed != 0, r.Fault(scores)}
	})
	return b, answers
}

// TestInPlaceAnswersUntilAFailure: ScoreInPlace answers requests of any size one by one, until
// the first for which the model fails, no matter which row is poisoned. The data between
// requests does not change.
func TestInPlaceAnswersUntilAFailure(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		model, values := drawApart(rt), append(drawValues(rt, 24), 1, 2, 3, 4, 5)
		dim, vectors := rapid.IntRange(1, 9).Draw(rt, "dim"), rapid.IntRange(1, 5).Draw(rt, "vectors")
		count := len(values) / vectors // at least one
		want := count
		for i := count - 1; i >= 0; i-- {
			if slices.Contains(values[i*vectors:(i+1)*vectors], poisoned) || model.most > 0 && vectors > model.most {
				want = i
			}
		}
		requests, answers := frames(values[:count*vectors], vectors, dim), make([]float32, count*(1+vectors))
		b := setup(t, model, dim, 1, 1, 0)
		layout := batcher.Layout{Count: count, Vectors: vectors, RowStride: 1 + vectors*dim, ScoreStride: 1 + vectors}
		got, fault := b.ScoreInPlace(requests[1:], answers[1:], layout)
		if got != want {
			rt.Fatalf("%d answered, want %d of %d", got, want, count)
		}
		if want == count {
			if st := b.Stats(); len(b.failures) != 0 || st.Requests != uint64(count) || st.Polls != 1 {
				rt.Fatalf("counted %+v, failures %+v; want one run of %d requests", st, b.failures, count)
			}
		} else {
			wantFailure(rt, b.failures, vectors)
			row := wire.NoRow // the model fails for the request, and for none of its rows alone
			if i := slices.Index(values[want*vectors:(want+1)*vectors], poisoned); i >= 0 || vectors == 1 {
				row = uint32(max(i, 0))
			}
			if want := (batcher.Fault{Code: code(b.failures[0].err), Row: row}); fault != want {
				rt.Fatalf("fault %+v, want %+v", fault, want)
			}
			if st := b.Stats(); st.Requests != uint64(want+1) || st.Failures != 1 || st.Polls != 1 {
				rt.Fatalf("counted %+v, want %d requests, the last of them failed", st, want+1)
			}
		}
		for i, got := range answers[:want*(1+vectors)] {
			switch vector := i%(1+vectors) - 1; {
			case vector < 0 && got != 0:
				rt.Fatalf("the header of answer %d is written", i/(1+vectors))
			case vector >= 0 && got != float32(dim)*values[i/(1+vectors)*vectors+vector]:
				rt.Fatalf("answer %d, vector %d: %v", i/(1+vectors), vector, got)
			}
		}
	})
}

// frames returns requests of the given number of rows, with a poisoned header before each.
func frames(values []float32, vectors, dim int) (words []float32) {
	for i, v := range values {
		if i%vectors == 0 {
			words = append(words, poisoned)
		}
		words = append(words, slices.Repeat([]float32{v}, dim)...)
	}
	return words
}
