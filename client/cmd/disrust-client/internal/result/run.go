package result

import (
	"time"

	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/client/tools/machine"
)

// Format is the version of the stored form that this package writes and reads.
const Format = 1

// Run is one run of the load tool. It has Intervals and a Total, or a Sweep.
type Run struct {
	Format  int       `json:"format_version"`
	Name    string    `json:"name,omitempty"` // what a report calls the run, such as its file's name
	Tool    string    `json:"tool_version"`
	Command string    `json:"command"` // as it was typed
	Started time.Time `json:"started"` // start of the warm-up, which the intervals follow

	Parameters Parameters      `json:"parameters"`
	Client     machine.Machine `json:"client"` // where the tool ran
	Server     Server          `json:"server"`

	Intervals []Interval `json:"intervals,omitempty"`
	Total     *Total     `json:"total,omitempty"`
	Sweep     *Sweep     `json:"sweep,omitempty"`

	// Errors are sentences with counts. They say what could not be reached, or was answered
	// wrongly or not at all.
	Errors []string `json:"errors,omitempty"`
}

// Parameters are what a run was asked to do. The parameter that a sweep varies is 0.
type Parameters struct {
	Address  string        `json:"address"`
	Conns    int           `json:"conns"`
	Window   int           `json:"window_requests"` // in flight per connection, in a closed loop
	Mix      string        `json:"mix"`             // vectors per request: "1", or "1:70,8:25,64:5"
	Dim      int           `json:"dim"`
	Verify   string        `json:"verify,omitempty"`                   // how responses were verified: "sum", "replay" or "frame"
	Rate     float64       `json:"rate_requests_per_second,omitempty"` // asked for; 0: a closed loop
	Arrivals string        `json:"arrivals,omitempty"`                 // "constant" or "poisson", in an open loop
	Warmup   time.Duration `json:"warmup_nanos"`
	Duration time.Duration `json:"duration_nanos"`

	Protocol  int  `json:"protocol,omitempty"`  // version of the protocol
	Reconnect bool `json:"reconnect,omitempty"` // the run went on when connections were lost
}

// Interval is a part of a run: a second, or the rest at its end.
type Interval struct {
	Start    time.Duration `json:"start_nanos"` // since the end of the warm-up
	Length   time.Duration `json:"length_nanos"`
	Requests int64         `json:"requests"`
	Vectors  int64         `json:"vectors"`
	Unsent   int64         `json:"unsent_requests,omitempty"` // due when an open loop ended, but not sent: their connection was full
	Rate     float64       `json:"rate_requests_per_second"`
	Latency  *Distribution `json:"latency"`
	Service  *Distribution `json:"service,omitempty"` // nil in a closed loop, as is Lag
	Lag      *Distribution `json:"lag,omitempty"`     // how late the generator wrote
	Errors   *Errors       `json:"errors,omitempty"`  // nil unless the run reconnects
}

// Errors is what went wrong in an interval or a total, and did not end the run.
type Errors struct {
	Requests   int64 `json:"requests"` // that failed, or were in flight on a connection that was lost
	Lost       int64 `json:"lost_connections"`
	Reconnects int64 `json:"reconnects"` // connections remade
}

// Total is a whole run, or a step of a sweep, without its warm-up.
type Total struct {
	Interval

	Busy  float64       `json:"busy_ratio"`          // share of the time in which the generator's busiest thread did not wait
	CPU   time.Duration `json:"generator_cpu_nanos"` // user and system time of the generator's process
	Valid bool          `json:"valid"`               // the generator was not the bottleneck
	Why   string        `json:"invalid_because,omitempty"`

	FirstError string `json:"first_error,omitempty"` // of a run that reconnects

	// Lagged names the figures of Latency of which the generator's own lag is a large part.
	// They describe the generator as well as the server.
	Lagged []string `json:"lagged_figures,omitempty"`
}

// AddInterval appends the next part of the run. It keeps nothing that s points to. Cost: about
// a millisecond per histogram, for its encoding.
func (r *Run) AddInterval(s sample.Interval) { r.Intervals = append(r.Intervals, newInterval(s)) }

// NewTotal returns t in the stored form. It keeps nothing that t points to.
func NewTotal(t sample.Total) *Total {
	kept := &Total{Interval: newInterval(t.Interval), Busy: t.Busy, CPU: t.CPU, Valid: t.Valid, Why: t.Why, FirstError: t.FirstError}
	for _, f := range kept.Latency.Figures() {
		if f.Percentile > 0 && kept.Latency.Tells(f) && t.Interval.Lagged(f.Percentile) {
			kept.Lagged = append(kept.Lagged, f.Name)
		}
	}
	return kept
}

// newInterval returns s in the stored form. If s measured nothing, its Latency is an empty
// histogram.
func newInterval(s sample.Interval) Interval {
	if s.Latency == nil {
		s.Latency = sample.NewHistogram()
	}
	var errors *Errors
	if s.Errors != nil {
		errors = &Errors{s.Errors.Requests, s.Errors.Lost, s.Errors.Reconnects}
	}
	return Interval{
		Start:    s.At - s.Length,
		Length:   s.Length,
		Requests: s.Requests,
		Vectors:  s.Vectors,
		Unsent:   s.Unsent,
		Rate:     perSecond(s.Requests, s.Length),
		Latency:  newDistribution(s.Latency),
		Service:  newDistribution(s.Service),
		Lag:      newDistribution(s.Lag),
		Errors:   errors,
	}
}

func perSecond(count int64, length time.Duration) float64 {
	if length <= 0 {
		return 0
	}
	return float64(count) / length.Seconds()
}

// CPUPerRequest returns the generator's CPU time per request.
func (t *Total) CPUPerRequest() time.Duration {
	if t.Requests == 0 {
		return 0
	}
	return t.CPU / time.Duration(t.Requests)
}

// VectorRate returns the vectors per second.
func (t *Total) VectorRate() float64 { return perSecond(t.Vectors, t.Length) }

// Loop says what drove the run: "closed loop", or the rate and arrivals asked for.
func (p Parameters) Loop() string {
	if p.Rate == 0 {
		return "closed loop"
	}
	return Count(p.Rate) + " requests/s, " + p.Arrivals + " arrivals"
}
