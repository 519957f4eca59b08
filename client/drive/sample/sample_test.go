package sample_test

import (
	"slices"
	"testing"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
)

// TestLagged: each percentile has its own lag, counted in requests.
func TestLagged(t *testing.T) {
	const us, ms = time.Microsecond, time.Millisecond
	type counts map[time.Duration]int64
	interval := func(latencies, lags counts) *sample.Interval {
		i := &sample.Interval{Latency: sample.NewHistogram(), Lag: sample.NewHistogram()}
		for v, n := range latencies {
			i.Latency.RecordValues(int64(v), n)
		}
		for v, n := range lags {
			i.Lag.RecordValues(int64(v), n)
		}
		return i
	}
	answered := counts{100 * us: 9_900, ms: 98, 8 * ms: 2}
	for name, c := range map[string]struct {
		lags counts
		want []float64 // percentiles that are lagged
	}{
		"in time":        {counts{us: 10_000}, nil},
		"as good as may": {counts{49 * us: 10_000}, nil},
		"all":            {counts{us: 9_000, 200 * us: 998, 4 * ms: 2}, []float64{99, 99.9, 99.99, 100}},
		"a few":          {counts{us: 9_998, 4 * ms: 2}, []float64{99.99, 100}},
		"the slowest":    {counts{us: 9_999, 4 * ms: 1}, []float64{100}},
		"a small part":   {counts{us: 9_998, 700 * us: 2}, nil},
		"few have a lag": {counts{4 * ms: 2}, []float64{99.99, 100}},
		"none has one":   {nil, nil},
	} {
		i := interval(answered, c.lags)
		var got []float64
		for _, p := range []float64{50, 99, 99.9, 99.99, 100} {
			if i.Lagged(p) {
				got = append(got, p)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: lagged are %v, want %v", name, got, c.want)
		}
	}
	if closed := (&sample.Interval{Latency: sample.NewHistogram()}); closed.Lagged(100) || closed.LagAt(100) != 0 {
		t.Error("a closed loop has a lag")
	}
}
