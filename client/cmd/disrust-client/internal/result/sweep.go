package result

import (
	"fmt"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
)

// Sweep is a search for the highest rate that keeps a bound: steps that differ
// in one thing, and the best of those that kept it.
type Sweep struct {
	Varied string `json:"varied"` // "rate" or "conns"
	SLO    Bound  `json:"slo"`
	Steps  []Step `json:"steps"`               // as they were run
	Knee   *int   `json:"knee_step,omitempty"` // nil: no step kept the bound

	Interrupted bool `json:"interrupted,omitempty"` // before the search was over
}

// Bound is how slow answers may be: this percentile within this limit.
type Bound struct {
	Percentile float64       `json:"percentile"`
	Limit      time.Duration `json:"limit_nanos"`
}

// Step is one load of a sweep.
type Step struct {
	Start   time.Duration `json:"start_nanos"`              // of its measuring, since the run's
	Rate    float64       `json:"rate_requests_per_second"` // asked; 0 is a closed loop
	Conns   int           `json:"conns"`
	Bounded time.Duration `json:"slo_latency_nanos"`            // latency at the bound's percentile
	Lagged  bool          `json:"slo_latency_lagged,omitempty"` // the generator's own lag is a large part of that
	Kept    bool          `json:"kept"`                         // the bound, in a valid run without errors
	Error   string        `json:"error,omitempty"`
	Total   Total         `json:"total"`
}

// Asked is what a step was asked to be.
type Asked struct {
	Start time.Duration // of its measuring, since the run's
	Rate  float64       // 0: closed loop
	Conns int
}

// Add judges and keeps the next step, which measured t and ended with err.
//
// Invariant: Knee is the kept step with the most answers a second.
func (s *Sweep) Add(a Asked, t sample.Total, err error) {
	if t.Valid && err == nil {
		if t.Why = s.missedBy(t); t.Why != "" {
			t.Valid = false
		}
	}
	step := Step{Start: a.Start, Rate: a.Rate, Conns: a.Conns, Total: *NewTotal(t)}
	if err != nil {
		step.Error = err.Error()
	}
	if t.Latency != nil { // nil: nothing was measured
		step.Bounded = time.Duration(t.Latency.ValueAtPercentile(s.SLO.Percentile))
		step.Lagged = t.Lagged(s.SLO.Percentile)
	}
	step.Kept = err == nil && t.Valid && t.Requests > 0 && step.Bounded <= s.SLO.Limit
	s.Steps = append(s.Steps, step)
	if step.Kept && (s.Knee == nil || step.Total.Rate > s.Steps[*s.Knee].Total.Rate) {
		at := len(s.Steps) - 1
		s.Knee = &at
	}
}

// missedBy says that the generator broke the bound, if it did: it wrote so many
// requests so late that no server could have kept it, or that this one would
// have without.
func (s *Sweep) missedBy(t sample.Total) string {
	if t.Latency == nil { // nothing was measured
		return ""
	}
	lag := t.LagAt(s.SLO.Percentile)
	latency := time.Duration(t.Latency.ValueAtPercentile(s.SLO.Percentile))
	if latency <= s.SLO.Limit || lag <= s.SLO.Limit && latency-lag > s.SLO.Limit {
		return ""
	}
	return fmt.Sprintf("at %s the generator itself wrote %s late, which breaks the bound", s.SLO.Name(), Latency(lag))
}

// Best is the step at the knee, nil if none kept the bound.
func (s *Sweep) Best() *Step {
	if s.Knee == nil {
		return nil
	}
	return &s.Steps[*s.Knee]
}

// X is what the sweep varied, of step.
func (s *Sweep) X(step *Step) float64 {
	if s.Varied == "conns" {
		return float64(step.Conns)
	}
	return step.Rate
}

// Bound is the latency at the bound's percentile in three digits, with a star if
// the generator lagged.
func (s *Step) Bound() string { return starred(s.Bounded, s.Lagged) }

// Verdict says whether the step kept the bound, and if not, what was wrong.
func (s *Step) Verdict() string {
	switch {
	case s.Kept:
		return "kept"
	case s.Error != "":
		return "failed: " + s.Error
	case !s.Total.Valid:
		return "not valid: " + s.Total.Why
	case s.Total.Requests == 0:
		return "nothing was answered"
	}
	return "missed"
}

// String is such as "p99.9 <= 1ms", as --slo takes it but for the sign.
func (b Bound) String() string { return fmt.Sprintf("p%v <= %v", b.Percentile, b.Limit) }

// Name is such as "p99.9".
func (b Bound) Name() string { return fmt.Sprintf("p%v", b.Percentile) }
