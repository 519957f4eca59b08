package page

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/tools/page"
)

// curve is latencies by percentile.
type curve struct {
	name      string
	color     page.Color
	dashed    bool
	histogram *hdrhistogram.Histogram
}

// newCurves returns every run's total: both latencies where they differ, and of
// a sweep the step at its knee.
func newCurves(runs []result.Run) ([]curve, error) {
	var list []curve
	for i := range runs {
		total, name := shown(&runs[i])
		if total == nil {
			continue
		}
		own := []curve{{name: name, color: page.Series(i)}}
		from := []*result.Distribution{total.Latency}
		if total.Differ() {
			own = append(own, curve{name: name + ", uncorrected", color: page.Series(i), dashed: true})
			from = append(from, total.Service)
		}
		for k, d := range from {
			if d.Count == 0 {
				continue
			}
			h, err := d.Histogram.Decode()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", runs[i].Name, err)
			}
			own[k].histogram = h
			list = append(list, own[k])
		}
	}
	return list, nil
}

// shown is the total that stands for r, and what to call it.
func shown(r *result.Run) (*result.Total, string) {
	if r.Sweep == nil {
		return r.Total, r.Name
	}
	if best := r.Sweep.Best(); best != nil {
		return &best.Total, r.Name + " at its knee"
	}
	return nil, ""
}

// percentileSection draws the curves over x = 1/(1-p): one answer in x is slower.
func percentileSection(curves []curve, swept bool) page.Section {
	text := "How slow the slowest are: one answer in ten, in a hundred, in a thousand was slower."
	if swept {
		text += " Of a sweep, the step at its knee."
	}
	if slices.ContainsFunc(curves, func(c curve) bool { return c.dashed }) {
		text += " Solid: from when a request was due (corrected). Dashed: from when it was written."
	}
	x := page.Axis{Name: "percentile", Label: "percentile of answers", Format: page.Percentile, Log: 10}
	set := page.Set{X: sampled(curves)}
	for _, c := range curves {
		line := page.Line{Label: c.name, Color: c.color, Y: c.at(set.X)}
		if c.dashed {
			line.Dash = []int{6, 4}
		}
		set.Lines = append(set.Lines, line)
	}
	return section("Latency by percentile", text, page.Chart{ID: "curve", X: x, Y: latencies, Sets: []page.Set{set}})
}

// sampled is where the curves are sampled: at twenty x in a decade, and at the
// number of values of each, where its curve ends.
func sampled(curves []curve) []float64 {
	const each = 20
	var xs []float64
	for _, c := range curves {
		xs = append(xs, float64(c.histogram.TotalCount()))
	}
	most := slices.Max(xs)
	for k := 0; math.Pow(10, float64(k)/each) < most; k++ {
		xs = append(xs, math.Pow(10, float64(k)/each))
	}
	slices.Sort(xs)
	return slices.Compact(xs)
}

func (c *curve) at(xs []float64) []page.Value {
	percentiles := make([]float64, len(xs))
	for i, x := range xs {
		percentiles[i] = 100 * (1 - 1/x)
	}
	last := float64(c.histogram.TotalCount())
	values := c.histogram.ValueAtPercentilesSlice(percentiles)
	y := make([]page.Value, len(xs))
	for i, x := range xs {
		switch {
		case x > last:
			y[i] = page.None
		case x == last:
			y[i] = page.Nanos(time.Duration(c.histogram.Max()))
		default:
			y[i] = page.Nanos(time.Duration(values[i]))
		}
	}
	return y
}
