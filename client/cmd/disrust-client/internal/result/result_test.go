package result

import (
	"errors"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/client/tools/machine"
	"github.com/disrust/disrust/wire"
)

func histogram(t testing.TB, values ...time.Duration) *hdrhistogram.Histogram {
	t.Helper()
	h := sample.NewHistogram()
	for _, v := range values {
		if err := h.RecordValue(int64(v)); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// spread returns n latencies: a millisecond each, but one in ten is times longer.
func spread(n int, times time.Duration) []time.Duration {
	values := make([]time.Duration, n)
	for i := range values {
		values[i] = time.Millisecond + time.Duration(i)*time.Microsecond/10
		if i%10 == 9 {
			values[i] *= times
		}
	}
	return values
}

// openLoop returns a run of two seconds whose corrected latencies are longer than the
// uncorrected.
func openLoop(t testing.TB) *Run {
	t.Helper()
	r := &Run{
		Name: "before", Tool: "v0.1.0", Command: "sustain --rate 1000",
		Started: time.Date(2026, 5, 4, 3, 2, 1, 500e6, time.UTC),
		Parameters: Parameters{
			Address: "127.0.0.1:9900", Conns: 8, Mix: "1:70,64:5", Dim: 128, Rate: 1000, Arrivals: "poisson",
			Warmup: time.Second, Duration: 2 * time.Second,
		},
		Client: machine.Machine{OS: "linux", Arch: "amd64", CPUs: 2, Go: "go1.26"},
		Server: ServerAt("127.0.0.1:9900", "a note"),
	}
	all := sample.Interval{
		Length: 2 * time.Second, At: 2 * time.Second,
		Latency: sample.NewHistogram(), Service: sample.NewHistogram(), Lag: sample.NewHistogram(),
	}
	for i := range 2 {
		s := sample.Interval{
			At: time.Duration(i+1) * time.Second, Length: time.Second, Requests: 1000, Vectors: 4000,
			Latency: histogram(t, spread(1000, 20)...),
			Service: histogram(t, spread(1000, 2)...),
			Lag:     histogram(t, 5*time.Microsecond, 70*time.Microsecond),
		}
		r.AddInterval(s)
		all.Requests += s.Requests
		all.Vectors += s.Vectors
		all.Latency.Merge(s.Latency)
		all.Service.Merge(s.Service)
		all.Lag.Merge(s.Lag)
	}
	r.Total = NewTotal(sample.Total{Interval: all, Busy: 0.25, CPU: 10 * time.Millisecond, Valid: true})
	return r
}

// restarted returns openLoop with a server that restarted in the second second.
func restarted(t testing.TB) *Run {
	t.Helper()
	r := openLoop(t)
	r.Parameters.Reconnect, r.Parameters.Protocol, r.Parameters.Verify = true, 2, "replay"
	r.Server.Model = ModelOf(wire.Welcome{
		Format: wire.Format{Dim: 128, Outputs: 3, MaxVectors: 64}, Kind: wire.Prob, Model: "iris", Identity: wire.Identity{0xab, 1, 2, 3, 4, 5, 6},
	})
	r.Intervals[0].Errors = &Errors{}
	r.Intervals[1].Errors = &Errors{Requests: 1512, Lost: 8, Reconnects: 7}
	r.Total.Errors, r.Total.FirstError = &Errors{Requests: 1512, Lost: 8, Reconnects: 7}, "connection 3: closed after 12 of 76 responses"
	return r
}

// closedLoop returns a run of one second with a thousand requests.
func closedLoop(t testing.TB) *Run {
	t.Helper()
	r := openLoop(t)
	r.Command, r.Parameters.Rate, r.Parameters.Arrivals, r.Parameters.Window = "sustain", 0, "", 64
	s := sample.Interval{
		At: time.Second, Length: time.Second, Requests: 1000, Vectors: 1000, Latency: histogram(t, spread(1000, 20)...),
	}
	r.Intervals = nil
	r.AddInterval(s)
	r.Total = NewTotal(sample.Total{Interval: s, Busy: 1, CPU: time.Second, Valid: true})
	return r
}

// sweep returns a sweep of four steps: one kept, one missed, one kept between these, and one
// failed.
func sweep(t testing.TB) *Run {
	t.Helper()
	r := openLoop(t)
	r.Command, r.Intervals, r.Total, r.Parameters.Rate = "sweep", nil, nil, 0
	r.Sweep = &Sweep{Varied: "rate", SLO: Bound{Percentile: 99.9, Limit: 10 * time.Millisecond}}
	for i, step := range []struct {
		rate  float64
		times time.Duration
		err   error
	}{{1000, 2, nil}, {4000, 50, nil}, {2000, 4, nil}, {3000, 4, errors.New("connection 3: closed after 12 of 76 responses")}} {
		requests := int64(step.rate)
		s := sample.Interval{
			At: time.Second, Length: time.Second, Requests: requests, Vectors: requests,
			Latency: histogram(t, spread(1000, step.times)...), Service: histogram(t, spread(1000, 2)...),
		}
		asked := Asked{Start: time.Duration(i+1) * 2 * time.Second, Rate: step.rate, Conns: 8}
		r.Sweep.Add(asked, sample.Total{Interval: s, Valid: true}, step.err)
	}
	return r
}

func TestModel(t *testing.T) {
	for want, m := range map[string]*Model{
		`model "iris", dim 128, outputs 3, kind prob, max_vectors 64, identity ab0102030405`:            restarted(t).Server.Model,
		`model "sum", dim 7, outputs 1, kind unstated, max_vectors 5, identity 000000000000 (built in)`: ModelOf(wire.Welcome{Format: wire.Format{Dim: 7, Outputs: 1, MaxVectors: 5}, Model: "sum"}),
	} {
		if got := m.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestErrorsOfASample(t *testing.T) {
	s := sample.Total{Interval: sample.Interval{Errors: &sample.Errors{Requests: 3, Lost: 2, Reconnects: 1}}, FirstError: "lost"}
	if got := NewTotal(s); *got.Errors != (Errors{3, 2, 1}) || got.FirstError != "lost" {
		t.Errorf("%+v, %q", got.Errors, got.FirstError)
	}
}

func TestDistribution(t *testing.T) {
	d := newDistribution(histogram(t, spread(1000, 20)...))
	if d.Count != 1000 {
		t.Fatalf("count is %d", d.Count)
	}
	last := time.Duration(0)
	for _, f := range d.Figures() {
		if f.Name == "mean" {
			break
		}
		if f.Value < last {
			t.Errorf("%s is %v, below the percentile before it, %v", f.Name, f.Value, last)
		}
		last = f.Value
	}
	if d.P50 < 1050*time.Microsecond || d.P50 > 1060*time.Microsecond {
		t.Errorf("p50 is %v, want 1.055ms to three digits", d.P50)
	}
	if newDistribution(nil) != nil {
		t.Error("no histogram became a distribution")
	}
	if d := newDistribution(sample.NewHistogram()); d.Count != 0 || d.Max != 0 || d.Mean != 0 {
		t.Errorf("an empty histogram became %+v", d)
	}
}

func TestTells(t *testing.T) {
	for _, c := range []struct {
		count      int64
		percentile float64
		want       bool
	}{
		{999, 99.9, false}, {1000, 99.9, true}, {9999, 99.99, false}, {10_000, 99.99, true},
		{100_000, 99.999, true}, {1, 50, false}, {2, 50, true}, {1, 100, true}, {0, 100, false}, {0, 0, false},
	} {
		if got := (&Distribution{Count: c.count}).Tells(Figure{Percentile: c.percentile}); got != c.want {
			t.Errorf("%d values tell p%v: %v", c.count, c.percentile, got)
		}
	}
}

func TestSweep(t *testing.T) {
	s := sweep(t).Sweep
	for i, want := range []string{"kept", "missed", "kept", "failed: connection 3: closed after 12 of 76 responses"} {
		if got := s.Steps[i].Verdict(); got != want {
			t.Errorf("step %d is %q, want %q", i, got, want)
		}
	}
	if best := s.Best(); best == nil || best.Rate != 2000 {
		t.Errorf("the knee is %+v, want the step of 2000/s", best)
	}
	invalid := &Sweep{SLO: s.SLO}
	total := sample.Total{Interval: sample.Interval{Requests: 1, Latency: histogram(t, 1)}, Why: "late"}
	invalid.Add(Asked{}, total, nil)
	invalid.Add(Asked{}, sample.Total{Valid: true}, nil) // nothing was answered
	if invalid.Best() != nil || invalid.Steps[0].Verdict() != "not valid: late" || invalid.Steps[1].Verdict() != "nothing was answered" {
		t.Errorf("steps that measured nothing are kept: %+v", invalid)
	}
	if cells := invalid.Steps[1].cells(); cells[len(cells)-2] != "" {
		t.Errorf("a step that measured nothing has %q for its bound", cells[len(cells)-2])
	}
}

func TestServerAt(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:9900": true, "127.8.8.8:1": true, "[::1]:9900": true, "[::ffff:127.0.0.1]:1": true,
		"localhost:9900": true, "LocalHost": true,
		"unix:/run/disrust/disrust.sock": true, "unix.example:9900": false,
		"10.0.0.1:9900": false, "[fe80::1%eth0]:1": false, "localhost.example:9900": false, "": false,
	} {
		if got := ServerAt(address, "").ThisMachine; got != want {
			t.Errorf("%q is this machine: %v", address, got)
		}
	}
}

// TestMissedByTheGenerator: if the generator's own lag breaks the bound, or if the server would
// have kept it without the lag, the step says nothing about the server. Lag of a few requests,
// while the connections of the others were full, breaks no bound.
func TestMissedByTheGenerator(t *testing.T) {
	const late = 20 * time.Millisecond
	slow := []time.Duration{1, 1, 1, 1, 1, 1, 1, late, late, late}
	for name, c := range map[string]struct {
		lag   []time.Duration
		limit time.Duration
		want  string
	}{
		"late":         {slow, 10 * time.Millisecond, "not valid: at p80 the generator itself wrote 20.0 ms late, which breaks the bound"},
		"late for few": {slow[9:], 10 * time.Millisecond, "missed"},
		"in time":      {slow[:7], 10 * time.Millisecond, "missed"},
		"kept":         {slow, time.Second, "kept"},
		"in part":      {append(slow[:7:7], 15*time.Millisecond, late, late), 16 * time.Millisecond, "not valid: at p80 the generator itself wrote 15.0 ms late, which breaks the bound"},
		"a small part": {append(slow[:7:7], 3*time.Millisecond, late, late), 16 * time.Millisecond, "missed"},
	} {
		s := &Sweep{SLO: Bound{Percentile: 80, Limit: c.limit}}
		s.Add(Asked{}, sample.Total{Valid: true, Interval: sample.Interval{
			Requests: 10, Latency: histogram(t, late, late, late, late, late, late, late, late, late, late), Lag: histogram(t, c.lag...),
		}}, nil)
		if got := s.Steps[0].Verdict(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
