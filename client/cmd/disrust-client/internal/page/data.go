package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
)

// data is what page.js draws. Latencies are in nanoseconds.
type data struct {
	Runs   []series `json:"runs"`
	Curves curves   `json:"curves"`
	Sweeps []group  `json:"sweeps"`
}

// series is a run second by second.
type series struct {
	Name  string    `json:"name"`
	Color int       `json:"color"`
	X     []float64 `json:"x"` // seconds since the end of the warm-up
	Rate  []float64 `json:"rate"`
	lines
}

// lines are percentiles over some x.
type lines struct {
	P50  []nanos `json:"p50"`
	P90  []nanos `json:"p90"`
	P99  []nanos `json:"p99"`
	P999 []nanos `json:"p999"`
	Max  []nanos `json:"max"`
}

// group is all sweeps that varied the same: they share their charts.
type group struct {
	Varied string  `json:"varied"`
	Sweeps []sweep `json:"sweeps"`
}

type sweep struct {
	series
	SLO        []nanos  `json:"slo"` // latency at the bound's percentile
	Percentile string   `json:"percentile"`
	Limit      nanos    `json:"limit"`
	Knee       *float64 `json:"knee"`
}

// curves are latencies by percentile p, over x = 1/(1-p): one answer in x is
// slower.
type curves struct {
	X     []float64 `json:"x"`
	Lines []curve   `json:"lines"`
}

type curve struct {
	Name   string  `json:"name"`
	Color  int     `json:"color"`
	Dashed bool    `json:"dashed"`
	Y      []nanos `json:"y"`

	histogram *hdrhistogram.Histogram
}

// nanos is a latency. What is not there is null, which breaks a line; what is
// too short for the clock is drawn at one nanosecond, since the axis is a
// logarithm.
type nanos int64

const none nanos = -1

func (n nanos) MarshalJSON() ([]byte, error) {
	if n == none {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, max(1, int64(n)), 10), nil
}

func newData(runs []result.Run) (*data, error) {
	d := &data{Runs: []series{}, Sweeps: []group{}}
	for i := range runs {
		r := &runs[i]
		if r.Sweep != nil {
			d.addSweep(r, i)
		} else {
			d.addRun(r, i)
		}
	}
	return d, d.addCurves(runs)
}

func (d *data) addRun(r *result.Run, color int) {
	s := newSeries(r.Name, color)
	for i := range r.Intervals {
		interval := &r.Intervals[i]
		s.add((interval.Start + interval.Length).Seconds(), interval)
	}
	d.Runs = append(d.Runs, s)
}

// newSeries is empty, and not null for page.js.
func newSeries(name string, color int) series {
	empty := func() []nanos { return []nanos{} }
	return series{
		Name: name, Color: color, X: []float64{}, Rate: []float64{},
		lines: lines{P50: empty(), P90: empty(), P99: empty(), P999: empty(), Max: empty()},
	}
}

func (s *series) add(x float64, i *result.Interval) {
	s.X = append(s.X, x)
	s.Rate = append(s.Rate, i.Rate)
	l := i.Latency
	s.P50 = append(s.P50, measured(l, l.P50))
	s.P90 = append(s.P90, measured(l, l.P90))
	s.P99 = append(s.P99, measured(l, l.P99))
	s.P999 = append(s.P999, measured(l, l.P999))
	s.Max = append(s.Max, measured(l, l.Max))
}

// measured is v of l, or none if nothing was answered.
func measured(l *result.Distribution, v time.Duration) nanos {
	if l.Count == 0 {
		return none
	}
	return nanos(v)
}

// addSweep puts r's steps in the order of what was varied.
func (d *data) addSweep(r *result.Run, color int) {
	sw := r.Sweep
	order := make([]*result.Step, len(sw.Steps))
	for i := range sw.Steps {
		order[i] = &sw.Steps[i]
	}
	slices.SortStableFunc(order, func(a, b *result.Step) int { return cmp.Compare(sw.X(a), sw.X(b)) })
	s := sweep{series: newSeries(r.Name, color), SLO: []nanos{}, Percentile: sw.SLO.Name(), Limit: nanos(sw.SLO.Limit)}
	for i, step := range order {
		if i+1 < len(order) && sw.X(order[i+1]) == sw.X(step) {
			continue // it was repeated, and the last go counts
		}
		s.add(sw.X(step), &step.Total.Interval)
		s.SLO = append(s.SLO, measured(step.Total.Latency, step.Bounded))
	}
	if best := sw.Best(); best != nil {
		knee := sw.X(best)
		s.Knee = &knee
	}
	for i := range d.Sweeps {
		if d.Sweeps[i].Varied == sw.Varied {
			d.Sweeps[i].Sweeps = append(d.Sweeps[i].Sweeps, s)
			return
		}
	}
	d.Sweeps = append(d.Sweeps, group{Varied: sw.Varied, Sweeps: []sweep{s}})
}

// addCurves draws every run's total: both latencies where they differ, and of
// a sweep the step at its knee.
func (d *data) addCurves(runs []result.Run) error {
	d.Curves = curves{X: []float64{}, Lines: []curve{}}
	for i := range runs {
		total, name := shown(&runs[i])
		if total == nil {
			continue
		}
		if err := d.Curves.add(name, i, false, total.Latency); err != nil {
			return fmt.Errorf("%s: %w", runs[i].Name, err)
		}
		if !total.Differ() {
			continue
		}
		if err := d.Curves.add(name+", uncorrected", i, true, total.Service); err != nil {
			return fmt.Errorf("%s: %w", runs[i].Name, err)
		}
	}
	d.Curves.fill()
	return nil
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

func (c *curves) add(name string, color int, dashed bool, d *result.Distribution) error {
	if d.Count == 0 {
		return nil
	}
	h, err := d.Histogram.Decode()
	if err != nil {
		return err
	}
	c.Lines = append(c.Lines, curve{Name: name, Color: color, Dashed: dashed, histogram: h})
	return nil
}

// fill samples all curves at the same x: twenty in a decade, and the number of
// values of each, where its curve ends.
func (c *curves) fill() {
	const each = 20
	most := 0.0
	for i := range c.Lines {
		count := float64(c.Lines[i].histogram.TotalCount())
		most = max(most, count)
		c.X = append(c.X, count)
	}
	for k := 0; math.Pow(10, float64(k)/each) < most; k++ {
		c.X = append(c.X, math.Pow(10, float64(k)/each))
	}
	slices.Sort(c.X)
	c.X = slices.Compact(c.X)
	for i := range c.Lines {
		c.Lines[i].sample(c.X)
	}
}

func (l *curve) sample(xs []float64) {
	percentiles := make([]float64, len(xs))
	for i, x := range xs {
		percentiles[i] = 100 * (1 - 1/x)
	}
	last := float64(l.histogram.TotalCount())
	values := l.histogram.ValueAtPercentilesSlice(percentiles)
	l.Y = make([]nanos, len(xs))
	for i, x := range xs {
		switch {
		case x > last:
			l.Y[i] = none
		case x == last:
			l.Y[i] = nanos(l.histogram.Max())
		default:
			l.Y[i] = nanos(values[i])
		}
	}
}
