package result

import (
	"fmt"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
)

// Sweep is a search for the highest rate that keeps a bound. Its steps differ only in what
// Varied names. The knee is the best step that kept the bound.
type Sweep struct {
	Varied string `json:"varied"` // "rate" or "conns"
	SLO    Bound  `json:"slo"`
	Steps  []Step `json:"steps"`               // in the order in which they ran
	Knee   *int   `json:"knee_step,omitempty"` // nil: no step kept the bound

	Interrupted bool `json:"interrupted,omitempty"` // ended before the search was over
}

// Bound is a bound on latency: the percentile must be within the limit.
type Bound struct {
	Percentile float64       `json:"percentile"`
	Limit      time.Duration `json:"limit_nanos"`
}

// Step is one load of a sweep.
type Step struct {
	Start   time.Duration `json:"start_nanos"`              // when its measured time began, since the run's start
	Rate    float64       `json:"rate_requests_per_second"` // asked for; 0: a closed loop
	Conns   int           `json:"conns"`
	Bounded time.Duration `json:"slo_latency_nanos"`            // latency at the bound's percentile
	Lagged  bool          `json:"slo_latency_lagged,omitempty"` // the generator's own lag is a large part of Bounded
	Kept    bool          `json:"kept"`                         // the step kept the bound, was valid and had no error
	Error   string        `json:"error,omitempty"`
	Total   Total         `json:"total"`
}

// Asked is the load that a step was asked for.
type Asked struct {
	Start time.Duration // when its measured time begins, since the run's start
	Rate  float64       // 0: a closed loop
	Conns int
}

// Add judges the next step, which measured t and ended with err, and appends it.
//
// Invariant: Knee is the kept step with the most answers per second.
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

// missedBy says in words that the generator broke the bound, or returns "" if it did not. The
// generator broke the bound if it wrote so many requests so late that no server could have kept
// the bound, or that this server would have kept it otherwise.
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

// Best returns the step at the knee, or nil if no step kept the bound.
func (s *Sweep) Best() *Step {
	if s.Knee == nil {
		return nil
	}
	return &s.Steps[*s.Knee]
}

// X returns the step's value of what the sweep varied: its connections or its rate.
func (s *Sweep) X(step *Step) float64 {
	if s.Varied == "conns" {
		return float64(step.Conns)
	}
	return step.Rate
}

// Bound formats the latency at the bound's percentile with three digits, with a star if the
// generator lagged.
func (s *Step) Bound() string { return starred(s.Bounded, s.Lagged) }

// Verdict says in words whether the step kept the bound and, if not, what was wrong.
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

// String returns a text such as "p99.9 <= 1ms", where --slo takes "p99.9=1ms".
func (b Bound) String() string { return fmt.Sprintf("p%v <= %v", b.Percentile, b.Limit) }

// Name returns the percentile's name, such as "p99.9".
func (b Bound) Name() string { return fmt.Sprintf("p%v", b.Percentile) }
