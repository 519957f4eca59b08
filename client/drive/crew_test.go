package drive

import (
	"context"
	"math"
	"net"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// crewsOf makes the crews of c without connections.
func crewsOf(t interface{ Fatal(...any) }, c Config, threads int) []*crew {
	q, err := Generate(small, Uniform(1), 1)
	if err != nil {
		t.Fatal(err)
	}
	c.Requests = q
	if err := c.prepare(); err != nil {
		t.Fatal(err)
	}
	r := &run{Config: c, driver: driver{threads: threads}}
	r.enlist(make([]net.Conn, c.Conns))
	return r.crews
}

// dues returns when the requests of each connection are due, from crews that read the clock
// at drawn moments.
func dues(t *rapid.T, c Config, threads int) [][]int64 {
	crews := crewsOf(t, c, threads)
	all := make([][]int64, c.Conns)
	for _, crew := range crews {
		for now := int64(0); now < crew.end; {
			now += rapid.Int64Range(1, int64(c.Duration)).Draw(t, "later")
			crew.pump(now)
		}
		for i := range crew.lanes {
			l := &crew.lanes[i]
			for k := range l.dues.size() {
				all[crew.number(i)-1] = append(all[crew.number(i)-1], *l.dues.at(k))
			}
		}
	}
	return all
}

// TestScheduleIsTheSameForAnyCrews spreads a schedule over a drawn number of connections and
// crews. Together they must have each due time once, round robin.
func TestScheduleIsTheSameForAnyCrews(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Config{
			Conns: rapid.IntRange(1, 9).Draw(t, "conns"), Rate: rapid.Float64Range(1, 300).Draw(t, "rate"),
			Arrivals: rapid.SampledFrom([]Arrivals{Constant, Poisson}).Draw(t, "arrivals"),
			Seed:     rapid.Uint64().Draw(t, "seed"), Duration: time.Second,
		}
		got := dues(t, c, rapid.IntRange(1, 4).Draw(t, "threads"))
		s := newSchedule(c.Rate, c.Arrivals, c.Seed, unlimited)
		want := make([][]int64, c.Conns)
		for k := 0; s.due() < int64(c.Duration); k++ {
			want[k%c.Conns] = append(want[k%c.Conns], s.due())
			s.advance()
		}
		for i := range want {
			if !slices.Equal(got[i], want[i]) {
				t.Fatalf("connection %d: %v, want %v", i+1, got[i], want[i])
			}
		}
	})
}

func TestConstantScheduleCounts(t *testing.T) {
	for _, rate := range []float64{1, 3, 1000, 123_457} {
		s, n := newSchedule(rate, Constant, 0, unlimited), 0.0
		for ; s.due() < 2e9; n++ {
			s.advance()
		}
		if n != 2*rate {
			t.Errorf("rate %v: %v requests in 2 s", rate, n)
		}
	}
}

// TestPoissonGaps compares the mean and the standard deviation of the gaps with those of the
// exponential distribution, which are equal.
func TestPoissonGaps(t *testing.T) {
	const n, rate = 200_000, 1e6
	s := newSchedule(rate, Poisson, 5, unlimited)
	sum, squares, last := 0.0, 0.0, 0.0
	for range n {
		gap := s.at - last
		last = s.at
		sum, squares = sum+gap, squares+gap*gap
		s.advance()
	}
	mean := sum / n
	spread := math.Sqrt(squares/n - mean*mean)
	if math.Abs(mean-1e9/rate) > 10 || math.Abs(spread-1e9/rate) > 10 {
		t.Errorf("gaps have mean %.1f and spread %.1f, want 1000 ns", mean, spread)
	}
}

func TestScheduleEndsWithTheQuota(t *testing.T) {
	s := newSchedule(10, Poisson, 1, 3)
	for range 3 {
		if s.due() == never {
			t.Fatal("ended early")
		}
		s.advance()
	}
	if s.due() != never {
		t.Fatal("goes on beyond the quota")
	}
}

// TestBoundHoldsTheSchedule fills a crew's room. Requests that fall due then wait in the
// schedule, keep their due times and have no lag. Those left at the end count as unsent.
func TestBoundHoldsTheSchedule(t *testing.T) {
	c := crewsOf(t, Config{Conns: 2, Rate: 1e9 / 10, Duration: 1000}, 1)[0]
	c.room = 4
	c.pump(101) // due so far: 5, 15, ... 95
	a, b := &c.lanes[0], &c.lanes[1]
	if a.credit != 2 || b.credit != 2 || c.room != 0 || !c.held {
		t.Fatalf("due %d and %d, room %d, held %v", a.credit, b.credit, c.room, c.held)
	}
	flush(a, 101)
	n := int(a.requests.replies[a.reply].end)
	if err := c.input(0, a.requests.responses[a.got:n], 201); err != nil {
		t.Fatal(err)
	}
	c.pump(202)
	if got := *a.dues.at(1); a.credit != 3 || got != 45 {
		t.Fatalf("%d due, the last at %d, want 45", a.credit, got)
	}
	flush(a, 203)
	wantRecorded(t, "lag", c.meter.lag, 76, 96) // of the first two alone
	if err := c.tend(1000); err != nil {
		t.Fatal(err)
	}
	if c.meter.unsent != 100-5 || c.meter.latency.TotalCount() != 1+100-5 {
		t.Fatalf("%d unsent, %d latencies", c.meter.unsent, c.meter.latency.TotalCount())
	}
}

// TestQuotaIsSpread: with a quota of one cycle each request of it is sent once, for any number
// of connections.
func TestQuotaIsSpread(t *testing.T) {
	for _, rate := range []float64{0, 1e9} {
		for _, conns := range []int{1, 2, 5, 126, 127, 200} {
			count := 127
			crews := crewsOf(t, Config{Conns: conns, Window: 1000, Rate: rate, Quota: int64(count)}, 3)
			sent := make([]int, count)
			for _, c := range crews {
				c.pump(1 << 40)
				for i := range c.lanes {
					l := &c.lanes[i]
					from := l.next
					flush(l, 1<<40)
					for k := range l.sent {
						sent[(from+int(k))%count]++
					}
				}
			}
			if slices.Max(sent) != 1 || slices.Min(sent) != 1 {
				t.Errorf("rate %v, %d connections: sent %v", rate, conns, sent)
			}
		}
	}
}

func TestConfigRefuses(t *testing.T) {
	good := Config{Addr: "127.0.0.1:1", Conns: 1, Window: 1, Requests: &Requests{}}
	for what, spoil := range map[string]func(*Config){
		"no requests":       func(c *Config) { c.Requests = nil },
		"no connections":    func(c *Config) { c.Conns = 0 },
		"no window":         func(c *Config) { c.Window = 0 },
		"negative window":   func(c *Config) { c.Window, c.Rate = -1, 1 },
		"negative rate":     func(c *Config) { c.Rate = -1 },
		"no number":         func(c *Config) { c.Rate = math.NaN() },
		"infinite rate":     func(c *Config) { c.Rate = math.Inf(1) },
		"unknown arrivals":  func(c *Config) { c.Arrivals = 9 },
		"negative quota":    func(c *Config) { c.Quota = -1 },
		"negative warm-up":  func(c *Config) { c.Warmup = -1 },
		"negative duration": func(c *Config) { c.Duration = -1 },
		"negative stall":    func(c *Config) { c.Stall = -1 },
	} {
		c := good
		spoil(&c)
		if _, err := Run(context.Background(), c); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}
