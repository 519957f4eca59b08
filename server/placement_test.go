//go:build linux

package server

import (
	"testing"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/cost"
)

// TestPlace lists what the server chooses for numbers of CPUs, models and Configs.
func TestPlace(t *testing.T) {
	defer func(n int) { cpus = n }(cpus)
	cheap := batcher.ModelFunc(func([]float32, int, []float32) error { return nil })
	slow := batcher.ModelFunc(func(rows []float32, dim int, out []float32) error {
		for end := time.Now().Add(time.Duration(2*len(out)) * handOver); time.Now().Before(end); {
		}
		return nil
	})
	for _, c := range []struct {
		cpus    int
		model   batcher.Model
		threads int
		batch   BatchThreads
		ring    int

		wantThreads int
		wantBatch   BatchThreads
	}{
		{1, cheap, 0, Auto, 1 << 16, 1, Inline},
		{2, cheap, 0, Auto, 1 << 16, 1, Inline},
		{16, cheap, 0, Auto, 1 << 16, 8, Inline},
		{16, cheap, 0, Auto, 4, 4, Inline}, // each thread needs a slot of the ring
		{16, cheap, 0, Dedicated, 1 << 16, 8, Dedicated},
		{4096, cheap, 0, Auto, 1 << 16, Allowed.IOThreads.High, Inline},
		{1, slow, 0, Auto, 1 << 16, 1, Inline},
		{2, slow, 0, Auto, 1 << 16, 1, Dedicated},
		{16, slow, 0, Auto, 1 << 16, 15, Inline},
		{16, slow, 0, Dedicated, 1 << 16, 8, Dedicated},
		{16, slow, 0, Inline, 1 << 16, 15, Inline},
		{16, slow, 1, Auto, 1 << 16, 1, Dedicated},
		{16, slow, 3, Auto, 1 << 16, 3, Inline},
		{2, cheap, 3, Dedicated, 1 << 16, 3, Dedicated},
	} {
		cpus = c.cpus
		cfg := DefaultConfig()
		cfg.Model = c.model
		cfg.IOThreads, cfg.BatchThreads, cfg.RequestRing = c.threads, c.batch, c.ring
		batch, err := cfg.settle(t.Context())
		if err != nil || cfg.IOThreads != c.wantThreads || batch != c.wantBatch {
			t.Errorf("%+v: %d I/O threads, batches %v, %v", c, cfg.IOThreads, batch, err)
		}
	}
}

// TestPlaceMeasuresOnlyIfItMatters: settle does not call the model when its cost does not
// matter.
func TestPlaceMeasuresOnlyIfItMatters(t *testing.T) {
	defer func(n int) { cpus = n }(cpus)
	cpus = 2
	calls := 0
	cfg := DefaultConfig()
	cfg.Model = batcher.ModelFunc(func([]float32, int, []float32) error { calls++; return nil })
	if _, err := cfg.settle(t.Context()); err != nil || calls == 0 {
		t.Errorf("%v, %d calls, want some", err, calls)
	}
	calls = 0
	for _, decided := range []struct {
		threads int
		batch   BatchThreads
	}{{1, Inline}, {0, Dedicated}} {
		cfg.IOThreads, cfg.BatchThreads = decided.threads, decided.batch
		if batch, err := cfg.settle(t.Context()); err != nil || batch != decided.batch || calls != 0 {
			t.Errorf("%+v: batches %v, %v, %d calls", decided, batch, err, calls)
		}
	}
}

// TestMeasureSlowModel: a model that takes 40 ms for a row is asked for a few single rows.
func TestMeasureSlowModel(t *testing.T) {
	rows := 0
	c := DefaultConfig()
	c.Dim, c.Model = 4, batcher.ModelFunc(func(_ []float32, _ int, out []float32) error {
		rows += len(out)
		time.Sleep(40 * time.Millisecond)
		return nil
	})
	if err := c.measure(t.Context()); err != nil || !costly(c.cost) || rows > 9 {
		t.Errorf("%+v, %v, after %d rows, want at most 9", c.cost, err, rows)
	}
}

// TestMeasureWarmsUp: a first call that is slow, and slow calls among fast ones, do not make a
// model costly.
func TestMeasureWarmsUp(t *testing.T) {
	calls := 0
	c := DefaultConfig()
	c.Dim, c.Model = 4, batcher.ModelFunc(func([]float32, int, []float32) error {
		if calls++; calls == 1 || calls == 2 {
			time.Sleep(10 * time.Millisecond)
		}
		return nil
	})
	if err := c.measure(t.Context()); err != nil || costly(c.cost) {
		t.Errorf("%+v, %v, after %d calls", c.cost, err, calls)
	}
}

// TestEnoughRows: rows are gathered until more of them gain less than it costs to gather them, which
// depends on their size.
func TestEnoughRows(t *testing.T) {
	us := func(us float64) cost.Figure { return cost.Figure{Median: time.Second, Least: time.Duration(us * 1000)} }
	for _, c := range []struct {
		alone, few, batched float64
		rows, dim, want     int
	}{
		{7.5, 2.4, 0.6, 64, 128, 64},
		{9, 1.1, 1.05, 64, 128, 8},
		{9, 9, 1, 64, 128, 64},
		{0.06, 0.05, 0.05, 64, 128, 1},
		{9, 1.5, 1, 64, 4096, 8}, // a row of many features costs more to gather
		{1, 0.5, 0.4, 64, 65535, 1},
		{1, 2, 0.5, 16, 128, 16}, // few are dearer than one: they are gathered to more
		{30, 4, 4, 6, 128, 6},
		{5000, 5000, 5000, 1, 128, 1},
		{0, 0, 0, 0, 128, 1}, // not measured
	} {
		if got := enoughRows(cost.Cost{Single: us(c.alone), Few: us(c.few), Batched: us(c.batched), Rows: c.rows}, c.dim); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

// TestCostly: a model is costly if a row takes longer than a hand-over, in a batch or alone. One
// fast measurement is enough for the contrary.
func TestCostly(t *testing.T) {
	const rows = 64
	fast, slow, slowAlone := cost.Figure{Median: time.Second}, cost.Figure{Least: handOver}, cost.Figure{Least: rows * handOver}
	for _, c := range []struct {
		single, batched cost.Figure
		want            bool
	}{{fast, fast, false}, {fast, slow, true}, {slow, fast, false}, {slowAlone, fast, true}} {
		if got := costly(cost.Cost{Single: c.single, Batched: c.batched, Rows: rows}); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
