package cost

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/disrust/disrust/batcher"
)

// counted is a model of dim 4 that counts its calls.
type counted struct {
	calls, rows int
	call        func(rows []float32) error
}

func (*counted) Shape() batcher.Shape        { return batcher.Shape{Outputs: 2} }
func (m *counted) NewScorer() batcher.Scorer { return m }

func (m *counted) Score(rows []float32, dim int, out []float32) error {
	m.calls++
	m.rows += len(out) / 2
	return m.call(rows)
}

// TestSlowModel: a model that is slower than the limit is called once to warm up, and once more.
func TestSlowModel(t *testing.T) {
	m := &counted{call: func([]float32) error { time.Sleep(2 * time.Millisecond); return nil }}
	c, err := Measure(t.Context(), m, 4, 64, time.Millisecond)
	if err != nil || m.calls != 2 || m.rows != 2 || c.Rows != 1 || c.Batched != c.Single || c.Few != c.Single || c.Single.Least < 2*time.Millisecond {
		t.Errorf("%+v, %v after %d calls and %d rows", c, err, m.calls, m.rows)
	}
}

// TestSlowBatches: batches are as large as the limit allows.
func TestSlowBatches(t *testing.T) {
	m := &counted{}
	m.call = func(rows []float32) error { time.Sleep(time.Duration(len(rows)/4) * time.Millisecond); return nil }
	c, err := Measure(t.Context(), m, 4, 64, 200*time.Millisecond)
	if err != nil || c.Rows < 2 || c.Rows > 24 {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestOneFastCall: slow calls among fast ones show in the median alone.
func TestOneFastCall(t *testing.T) {
	m := &counted{}
	m.call = func([]float32) error {
		if m.calls != 5 {
			time.Sleep(2 * time.Millisecond)
		}
		return nil
	}
	c, err := Measure(t.Context(), m, 4, 64, time.Minute)
	if err != nil || c.Single.Least >= c.Single.Median || c.Single.Median < 2*time.Millisecond {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestRowsDiffer: no row follows itself.
func TestRowsDiffer(t *testing.T) {
	var last []float32
	m := &counted{call: func(rows []float32) error {
		if slices.Equal(rows[len(rows)-4:], last) {
			return errors.New("the same row again")
		}
		last = slices.Clone(rows[len(rows)-4:])
		return nil
	}}
	for _, rows := range []int{1, 3, 64, 5000} {
		if _, err := Measure(t.Context(), m, 4, rows, time.Minute); err != nil {
			t.Errorf("%d rows: %v", rows, err)
		}
	}
}

// TestFewFeatures: rows of many features are few.
func TestFewFeatures(t *testing.T) {
	m := &counted{call: func(rows []float32) error {
		if len(rows) > sample {
			return errors.New("too many features")
		}
		return nil
	}}
	for _, dim := range []int{1, 65535, sample} {
		if c, err := Measure(t.Context(), m, dim, 64, time.Minute); err != nil || c.Rows != min(64, sample/dim) {
			t.Errorf("dim %d: %+v, %v", dim, c, err)
		}
	}
}

// TestError: the model's error, and that of the context between two calls, end the measurement.
func TestError(t *testing.T) {
	cause := errors.New("a signal")
	for at := 1; at <= 12; at++ {
		ctx, cancel := context.WithCancelCause(t.Context())
		m := &counted{}
		m.call = func([]float32) error {
			if m.calls == at {
				cancel(cause)
			}
			time.Sleep(time.Millisecond)
			return nil
		}
		if _, err := Measure(ctx, m, 4, 64, time.Minute); err != cause || m.calls != at {
			t.Errorf("%v after %d calls, want %v after %d", err, m.calls, cause, at)
		}
		m = &counted{}
		m.call = func([]float32) error {
			if m.calls == at {
				return cause
			}
			time.Sleep(time.Millisecond)
			return nil
		}
		if _, err := Measure(t.Context(), m, 4, 64, time.Minute); err != cause || m.calls != at {
			t.Errorf("%v after %d calls, want %v after %d", err, m.calls, cause, at)
		}
	}
}

// drawing is a model that draws rows of its seed.
type drawing struct{ batcher.Sum }

func (drawing) Sample(rows []float32, dim int, random *rand.Rand) {
	for i := range rows {
		rows[i] = float32(random.IntN(1 << 20))
	}
}

// TestRows: a model that draws rows draws them all, and a seed gives the same rows again.
func TestRows(t *testing.T) {
	for _, m := range []batcher.Model{batcher.Sum{}, drawing{}} {
		rows := Rows(m, 3, 1000, 7)
		if len(rows) != 3000 || !slices.Equal(rows, Rows(m, 3, 1000, 7)) || slices.Equal(rows, Rows(m, 3, 1000, 8)) {
			t.Errorf("%T: wrong rows", m)
		}
		whole := !slices.ContainsFunc(rows, func(x float32) bool { return x != float32(int(x)) })
		if _, draws := m.(batcher.Sampler); whole != draws {
			t.Errorf("%T: its rows are its own: %v", m, whole)
		}
	}
}

func TestString(t *testing.T) {
	for want, c := range map[string]Cost{
		"0.25 us a row alone, 0.10 of 8 and 0.07 of 64": {Figure{Median: 250}, Figure{Median: 100}, Figure{Median: 72}, 64},
		"6.1 us a row alone and 123 of 8":               {Figure{Median: 6100}, Figure{Median: 123_400}, Figure{Median: 123_400}, 8},
	} {
		if got := c.String(); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}
