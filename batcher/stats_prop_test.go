package batcher_test

import (
	"testing"

	"github.com/disrust/disrust/batcher"
	"pgregory.net/rapid"
)

// counting is wide that counts its calls and their rows.
type counting struct {
	wide
	calls, rows *uint64
}

func (c counting) NewScorer() batcher.Scorer { return c }

func (c counting) Score(rows []float32, dim int, out []float32) error {
	return c.ScoreStrided(rows, dim, dim, out)
}

func (c counting) ScoreStrided(rows []float32, dim, stride int, out []float32) error {
	*c.calls++
	*c.rows += uint64(len(out) / c.outputs)
	return c.wide.ScoreStrided(rows, dim, stride, out)
}

// TestStatsCountTheModel: Calls and Rows count what the model was given, in each way to score and
// however often it fails.
func TestStatsCountTheModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var calls, rows uint64
		b := setup(t, counting{wide{outputs: 2}, &calls, &rows}, 3, 1, 64, rapid.IntRange(1, 20).Draw(rt, "batch rows"))
		value := func() float32 { return rapid.SampledFrom([]float32{1, 2, poisoned}).Draw(rt, "value") }
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			count, vectors := rapid.IntRange(1, 6).Draw(rt, "count"), rapid.IntRange(1, 4).Draw(rt, "vectors")
			values := make([]float32, count*vectors)
			for i := range values {
				values[i] = value()
			}
			switch rapid.IntRange(0, 2).Draw(rt, "way") {
			case 0:
				for i := range count {
					b.sources[0].ask(uint64(i), vectors, value())
				}
				b.Poll()
				b.sources[0].answers(func(batcher.Response, []float32) {})
			case 1:
				layout := batcher.Layout{Count: count, Vectors: vectors, RowStride: 1 + 3*vectors, ScoreStride: 2 * vectors}
				b.ScoreInPlace(frames(values, vectors, 3)[1:], make([]float32, 2*len(values)), layout)
			case 2:
				b.ScoreApart(frames(values, 1, 3)[1:], 4, make([]float32, 2*len(values)))
			}
			if st := b.Stats(); st.Calls != calls || st.Rows != rows {
				rt.Fatalf("counted %d calls with %d rows, not %d with %d", st.Calls, st.Rows, calls, rows)
			}
		}
	})
}
