package admin

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/disrust/disrust/server/metrics"
	"pgregory.net/rapid"
)

// counting is the model of a server: each value that it has counted, one by one.
type counting struct {
	values [metrics.StageCount + 1][]uint64
	counts metrics.Counters
	times  []metrics.ThreadTime
}

// draw makes a fake and its model do something.
func (c *counting) draw(t *rapid.T, f *fake) {
	for i := range c.values {
		h := &f.stages.Whole
		if i < metrics.StageCount {
			h = &f.stages.Stage[i]
		}
		for range rapid.IntRange(0, 3).Draw(t, "values") {
			value := rapid.Uint64Range(0, 1<<rapid.IntRange(0, 39).Draw(t, "bits")).Draw(t, "value")
			c.values[i] = append(c.values[i], value)
			h.Add(value, 1)
		}
	}
	for i := range c.counts.Words() {
		c.counts.Words()[i] += uint64(rapid.IntRange(0, 2).Draw(t, "more"))
	}
	c.counts.Requests = max(1, c.counts.Requests) // so that a server that has counted nothing is another one
	f.now.Counters = c.counts
	for i := range f.now.Gauges.Words() {
		f.now.Gauges.Words()[i] = int64(rapid.IntRange(-5, 5).Draw(t, "gauge"))
	}
	c.times = append([]metrics.ThreadTime(nil), c.times...)
	for i := range c.times {
		c.times[i].Working += time.Duration(rapid.IntRange(0, 2).Draw(t, "working"))
		c.times[i].Polling += time.Duration(rapid.IntRange(0, 2).Draw(t, "polling"))
		c.times[i].Asleep += time.Duration(rapid.IntRange(0, 2).Draw(t, "asleep"))
	}
	f.times = c.times
}

// interval is what the model says of one.
type interval struct {
	end, length   time.Duration
	before, after counting
	gauges        metrics.Gauges
}

// check compares the i-th element of the lists with what happened.
func (want *interval) check(t *rapid.T, p *Past, i int, now time.Duration) {
	if p.Ago[i] != (now-want.end).Seconds() || p.Seconds[i] != want.length.Seconds() {
		t.Fatalf("interval %d ended %v s ago after %v s, want %v and %v", i, p.Ago[i], p.Seconds[i], now-want.end, want.length)
	}
	for at, m := range metrics.Table() {
		switch m.Kind {
		case metrics.Counter:
			if got, want := p.Counters[m.Name][i], want.after.counts.Words()[at]-want.before.counts.Words()[at]; got != want {
				t.Fatalf("%s grew by %d, want %d", m.Name, got, want)
			}
		case metrics.Gauge:
			if got, want := p.Gauges[m.Name][i], want.gauges.Words()[at-len(p.Counters)-len(metrics.PeakWords{})]; got != want {
				t.Fatalf("%s was %d, want %d", m.Name, got, want)
			}
		}
	}
	for stage, name := range []string{"read", "wait", "score", "send", "whole"} {
		var h metrics.Histogram
		for _, v := range want.after.values[stage][len(want.before.values[stage]):] {
			h.Add(v, 1)
		}
		for q, got := range map[float64][]*float32{0.5: p.Stages[name].P50, 0.99: p.Stages[name].P99, 0.999: p.Stages[name].P999} {
			same(t, name, got[i], h.Quantile(q)*1e-9, h.Count() > 0)
		}
	}
	var working, polling, asleep time.Duration
	for i, t := range want.after.times {
		working, polling, asleep = working+t.Working, polling+t.Polling, asleep+t.Asleep
		if i < len(want.before.times) {
			b := want.before.times[i]
			working, polling, asleep = working-b.Working, polling-b.Polling, asleep-b.Asleep
		}
	}
	all := working + polling + asleep
	same(t, "working", p.Threads.Working[i], float64(working)/float64(all), all > 0)
	same(t, "polling", p.Threads.Polling[i], float64(polling)/float64(all), all > 0)
	same(t, "asleep", p.Threads.Asleep[i], float64(asleep)/float64(all), all > 0)
}

// same compares what may be null.
func same(t *rapid.T, name string, got *float32, want float64, known bool) {
	is := math.NaN()
	if got != nil {
		is = float64(*got)
	}
	if (got != nil) != known || math.Abs(is-want) > 1e-6*want {
		t.Fatalf("%s is %v, want %v, known: %v", name, is, want, known)
	}
}

// TestHistory: the history says of each interval what was counted in it and nothing else, in order, and forgets the oldest
// intervals first. It does so too when the server is another one, and whatever time passes between two samples.
func TestHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 6).Draw(t, "most")
		f, c := &fake{state: Ready}, counting{times: make([]metrics.ThreadTime, 2)}
		c.draw(t, f)
		began := time.Now()
		now, end := began, began
		h, before := newHistory(f, most, now), c
		var all []interval
		t.Repeat(map[string]func(*rapid.T){
			"serve": func(t *rapid.T) { c.draw(t, f) },
			"wait":  func(t *rapid.T) { now = now.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "time"))) },
			"take": func(t *rapid.T) {
				h.take(now)
				all = append(all, interval{now.Sub(began), now.Sub(end), before, c, f.now.Gauges})
				before, end = c, now
			},
			"restart": func(t *rapid.T) {
				*f, c = fake{state: Ready, times: make([]metrics.ThreadTime, 2)}, counting{times: make([]metrics.ThreadTime, 2)}
				h.take(now)
				all = append(all, interval{now.Sub(began), now.Sub(end), c, c, f.now.Gauges})
				before, end = c, now
				c.draw(t, f)
			},
			"": func(t *rapid.T) {
				after := rapid.IntRange(0, len(all)+2).Draw(t, "after")
				p := h.since(uint64(after), now)
				first := max(min(after, len(all)), len(all)-most)
				if int(p.First) != first+1 || len(p.Ago) != len(all)-first || !p.Began.Equal(began) || p.Every != 5 {
					t.Fatalf("after %d of %d: first %d, %d intervals of %v s since %v", after, len(all), p.First, len(p.Ago), p.Every, p.Began)
				}
				for i := range p.Ago {
					all[first+i].check(t, &p, i, now.Sub(began))
				}
			},
		})
	})
}

// TestHistoryRuns: a sample every five seconds, for an hour, until the context is done.
func TestHistoryRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHistory(&fake{state: Ready}, mostSamples, time.Now())
		ctx, end := context.WithCancel(t.Context())
		go h.run(ctx)
		time.Sleep(2*time.Hour + time.Second) // of the bubble's clock
		p := h.since(0, time.Now())
		if len(p.Ago) != 720 || p.First != 721 || p.Ago[0] != 3596 || p.Ago[719] != 1 || p.Seconds[0] != 5 {
			t.Errorf("%d intervals from number %d on, %v to %v s ago, of %v s", len(p.Ago), p.First, p.Ago[0], p.Ago[len(p.Ago)-1], p.Seconds[0])
		}
		end()
	})
}

// TestHistoryPath: /history says all intervals, or those after one, and refuses what is no number.
func TestHistoryPath(t *testing.T) {
	f := &fake{state: Ready}
	h := newHistory(f, mostSamples, time.Now().Add(-time.Minute))
	for i := range 3 {
		f.now.Requests += 7
		f.stages.Whole.Add(1000, 2)
		h.take(time.Now().Add(time.Duration(i-3) * time.Second))
	}
	handler := newHandler(f, Options{}, h.past)
	for query, want := range map[string]int{"": 3, "?after=": 3, "?after=0": 3, "?after=2": 1, "?after=3": 0, "?after=99": 0} {
		w := ask(handler, "GET", "/history"+query)
		p := decode[Past](t, w.Body)
		if w.Code != 200 || w.Header().Get("Content-Type") != "application/json" || len(p.Ago) != want || p.First != uint64(4-want) {
			t.Errorf("%q: %d, %d intervals from number %d on, want %d", query, w.Code, len(p.Ago), p.First, want)
		}
		if want > 0 && (p.Counters["requests"][0] != 7 || p.Stages["read"].P50[0] != nil || p.Stages["whole"].P50[0] == nil || p.Threads.Asleep[0] != nil || len(p.Gauges["conns"]) != want) {
			t.Errorf("%q: %+v", query, p)
		}
	}
	for _, query := range []string{"?after=-1", "?after=x", "?after=1.5", "?after=18446744073709551616"} {
		if w := ask(handler, "GET", "/history"+query); w.Code != 400 || decode[mistake](t, w.Body).Error == "" {
			t.Errorf("%q: %d", query, w.Code)
		}
	}
}
