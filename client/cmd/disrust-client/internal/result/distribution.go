package result

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Distribution is a stored histogram of durations: the figures that people read, and the whole
// histogram. If Count is 0, the figures are 0.
type Distribution struct {
	Count     int64         `json:"count"`
	P50       time.Duration `json:"p50_nanos"`
	P90       time.Duration `json:"p90_nanos"`
	P95       time.Duration `json:"p95_nanos"`
	P99       time.Duration `json:"p99_nanos"`
	P999      time.Duration `json:"p99_9_nanos"`
	P9999     time.Duration `json:"p99_99_nanos"`
	P99999    time.Duration `json:"p99_999_nanos"`
	Max       time.Duration `json:"max_nanos"`
	Mean      time.Duration `json:"mean_nanos"`
	Histogram Histogram     `json:"histogram_hdr"`
}

// Histogram is a histogram in HdrHistogram's standard text: base64 of its compressed V2
// encoding.
type Histogram string

// Figure is one figure of a Distribution: its stable name without the unit, the label that
// people read, and its value.
type Figure struct {
	Name, Label string
	Percentile  float64 // 0 for the mean
	Value       time.Duration
}

// Figures returns d's figures: percentiles in ascending order, then max and mean.
func (d *Distribution) Figures() []Figure {
	return []Figure{
		{"p50", "p50", 50, d.P50},
		{"p90", "p90", 90, d.P90},
		{"p95", "p95", 95, d.P95},
		{"p99", "p99", 99, d.P99},
		{"p99_9", "p99.9", 99.9, d.P999},
		{"p99_99", "p99.99", 99.99, d.P9999},
		{"p99_999", "p99.999", 99.999, d.P99999},
		{"max", "max", 100, d.Max},
		{"mean", "mean", 0, d.Mean},
	}
}

// Tells reports whether d has enough values for f to say more than the maximum does: p99.99 of
// a thousand values is just their maximum.
func (d *Distribution) Tells(f Figure) bool {
	if f.Percentile == 0 || f.Percentile == 100 {
		return d.Count > 0
	}
	const rounding = 1e-9 // 100-99.99 is not quite 0.01
	return float64(d.Count)*(100-f.Percentile)/100 >= 1-rounding
}

// newDistribution returns the Distribution of h, or nil if h is nil. It does not keep h.
func newDistribution(h *hdrhistogram.Histogram) *Distribution {
	if h == nil {
		return nil
	}
	text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		panic("result: cannot encode a histogram: " + err.Error())
	}
	d := &Distribution{Count: h.TotalCount(), Histogram: Histogram(text)}
	if d.Count == 0 {
		return d
	}
	v := h.ValueAtPercentilesSlice([]float64{50, 90, 95, 99, 99.9, 99.99, 99.999, 100})
	for i, p := range []*time.Duration{&d.P50, &d.P90, &d.P95, &d.P99, &d.P999, &d.P9999, &d.P99999, &d.Max} {
		*p = time.Duration(v[i])
	}
	d.Mean = time.Duration(h.Mean())
	return d
}

// Decode returns the histogram, which the caller then owns.
func (h Histogram) Decode() (*hdrhistogram.Histogram, error) {
	decoded, err := hdrhistogram.Decode([]byte(h))
	if err != nil {
		return nil, fmt.Errorf("histogram_hdr is no HdrHistogram: %w", err)
	}
	return decoded, nil
}
