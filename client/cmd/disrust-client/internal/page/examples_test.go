package page

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/client/tools/machine"
)

// load makes runs that look like a server's: most answers near a median, a tail
// a hundred times longer, and a pause in the middle. It is the same every time.
type load struct {
	random *rand.Rand
	median time.Duration
	tail   float64 // how many times longer the slowest are
}

func newLoad(seed uint64, median time.Duration, tail float64) *load {
	return &load{random: rand.New(rand.NewPCG(seed, seed)), median: median, tail: tail}
}

func (l *load) latency() time.Duration {
	v := float64(l.median) * (0.8 + 0.25*l.random.ExpFloat64())
	if l.random.IntN(300) == 0 {
		v *= 1 + l.tail*l.random.ExpFloat64()
	}
	return time.Duration(v)
}

func (l *load) second(t testing.TB, at int, rate int, pause bool) sample.Interval {
	t.Helper()
	n := rate + l.random.IntN(rate/20+1)
	s := sample.Interval{
		At: time.Duration(at) * time.Second, Length: time.Second, Requests: int64(n), Vectors: int64(4 * n),
		Latency: sample.NewHistogram(), Service: sample.NewHistogram(), Lag: sample.NewHistogram(),
	}
	for i := range n {
		service := l.latency()
		latency := service
		if pause && i < n/5 { // a fifth of a second, during which requests became due
			latency += 200 * time.Millisecond * time.Duration(n/5-i) / time.Duration(n/5)
		}
		record(t, s.Latency, latency)
		record(t, s.Service, service)
		record(t, s.Lag, time.Duration(l.random.IntN(20_000)))
	}
	return s
}

func record(t testing.TB, h *hdrhistogram.Histogram, v time.Duration) {
	t.Helper()
	if err := h.RecordValue(int64(v)); err != nil {
		t.Fatal(err)
	}
}

func blank(name string) result.Run {
	return result.Run{
		Name: name, Tool: "v0.1.0", Command: "disrust-client sustain --rate 2k --arrivals poisson --vectors 1:70,8:25,64:5",
		Started: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC),
		Parameters: result.Parameters{
			Address: "127.0.0.1:9900", Conns: 8, Mix: "1:70,8:25,64:5", Dim: 128, Rate: 2000, Arrivals: "poisson",
			Warmup: time.Second, Duration: 30 * time.Second,
		},
		Client: machine.Machine{
			OS: "linux", Arch: "amd64", Kernel: "6.18.1", CPUModel: "Intel(R) Xeon(R) Processor @ 2.60GHz",
			CPUs: 2, Memory: 8 << 30, Go: "go1.26.8",
		},
		Server: result.ServerAt("127.0.0.1:9900", "--batch-threads 0 --wait auto"),
	}
}

// made are the runs that were asked for: to make one takes a while.
var made = map[string]result.Run{}

// once returns what build makes of name and seed, which the test may change.
func once(name string, seed uint64, build func() result.Run) result.Run {
	key := fmt.Sprint(name, seed)
	r, found := made[key]
	if !found {
		r = build()
		made[key] = r
	}
	r.Intervals = slices.Clone(r.Intervals)
	if r.Total != nil {
		total, latency := *r.Total, *r.Total.Latency
		total.Latency = &latency
		r.Total = &total
	}
	if r.Sweep != nil {
		sweep := *r.Sweep
		sweep.Steps = slices.Clone(sweep.Steps)
		r.Sweep = &sweep
	}
	return r
}

func measurement(t testing.TB, name string, seed uint64, median time.Duration, tail float64) result.Run {
	t.Helper()
	return once(name, seed, func() result.Run { return measure(t, name, seed, median, tail) })
}

// measure is half a minute with a pause in its twelfth second.
func measure(t testing.TB, name string, seed uint64, median time.Duration, tail float64) result.Run {
	t.Helper()
	r, l := blank(name), newLoad(seed, median, tail)
	all := sample.Interval{Latency: sample.NewHistogram(), Service: sample.NewHistogram(), Lag: sample.NewHistogram()}
	for at := 1; at <= 30; at++ {
		s := l.second(t, at, 2000, at == 12)
		r.AddInterval(s)
		all.At, all.Length = s.At, s.At
		all.Requests += s.Requests
		all.Vectors += s.Vectors
		all.Latency.Merge(s.Latency)
		all.Service.Merge(s.Service)
		all.Lag.Merge(s.Lag)
	}
	r.Total = result.NewTotal(sample.Total{Interval: all, Busy: 0.31, CPU: 900 * time.Millisecond, Valid: true})
	return r
}

func search(t testing.TB, name string, seed uint64, most float64) result.Run {
	t.Helper()
	return once(name, seed, func() result.Run { return bisect(t, name, seed, most) })
}

// bisect doubles the rate until the bound breaks, then bisects.
func bisect(t testing.TB, name string, seed uint64, most float64) result.Run {
	t.Helper()
	r := blank(name)
	r.Command = "disrust-client sweep --rate 10k..2M --slo p99.9=1ms"
	r.Parameters.Rate, r.Parameters.Arrivals = 0, ""
	r.Sweep = &result.Sweep{Varied: "rate", SLO: result.Bound{Percentile: 99.9, Limit: time.Millisecond}}
	for i, rate := range []float64{10e3, 20e3, 40e3, 80e3, 160e3, 320e3, 640e3, 480e3, 400e3, 440e3} {
		used := rate / most
		slower := 1 / max(0.02, 1-used)
		l := newLoad(seed+uint64(i), time.Duration(30*float64(time.Microsecond)*slower), 3)
		s := l.second(t, 1, 2000, false)
		s.Requests = int64(min(rate, most))
		total := sample.Total{Interval: s, Busy: 0.2, CPU: time.Second, Valid: true}
		r.Sweep.Add(result.Asked{Start: time.Duration(i) * 2 * time.Second, Rate: rate, Conns: 8}, total, nil)
	}
	return r
}

// searchConns is a closed loop on 1 to 512 connections.
func searchConns(t testing.TB) result.Run {
	t.Helper()
	r := search(t, "connections", 7, 450e3)
	r.Command, r.Sweep.Varied = "disrust-client sweep --conns 1..512 --slo p99.9=1ms", "conns"
	for i := range r.Sweep.Steps {
		r.Sweep.Steps[i].Rate, r.Sweep.Steps[i].Conns = 0, 1<<i
	}
	return r
}

// TestExamples writes pages to look at: PAGES=folder go test -run Examples
func TestExamples(t *testing.T) {
	folder := os.Getenv("PAGES")
	if folder == "" {
		folder = t.TempDir()
	}
	one, other := measurement(t, "before", 1, 120*time.Microsecond, 8), measurement(t, "after", 2, 80*time.Microsecond, 4)
	for name, runs := range map[string][]result.Run{
		"run":     {one},
		"runs":    {one, other, measurement(t, "with a longer tail", 3, 60*time.Microsecond, 50)},
		"sweep":   {search(t, "sweep", 1, 500e3)},
		"sweeps":  {search(t, "before", 1, 500e3), search(t, "after", 2, 800e3)},
		"mixed":   {one, search(t, "sweep", 1, 500e3)},
		"conns":   {searchConns(t)},
		"nothing": {blankTotal()},
	} {
		f, err := os.Create(folder + "/" + name + ".html")
		if err != nil {
			t.Fatal(err)
		}
		if err := Write(f, runs...); err != nil {
			t.Error(name, err)
		}
		if err := f.Close(); err != nil {
			t.Error(name, err)
		}
	}
}

// blankTotal is a run that could not begin.
func blankTotal() result.Run {
	r := blank("nothing")
	r.Errors = []string{"cannot reach 127.0.0.1:9900: connect: connection refused"}
	r.Total = result.NewTotal(sample.Total{Valid: true})
	return r
}
