package admin

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/disrust/disrust/server/metrics"
)

// Past is what /history says: what the server did in the last hour, as one list for each figure, with an element for each
// interval, the earliest first. An interval is about Every seconds long.
type Past struct {
	Began time.Time `json:"began"` // when the first interval of all began, which another process does not share
	Every float64   `json:"every"` // seconds
	First uint64    `json:"first"` // the number of the first interval listed; the first of all has number 1

	Ago      []float64           `json:"ago"`      // seconds from the end of the interval until now
	Seconds  []float64           `json:"seconds"`  // how long the interval was
	Counters map[string][]uint64 `json:"counters"` // what was counted in it
	Gauges   map[string][]int64  `json:"gauges"`   // at its end
	Stages   map[string]PastTime `json:"stages"`   // read, wait, score, send and whole
	Threads  PastThreads         `json:"threads"`
}

// PastTime are quantiles of how long requests took, in seconds; null: there were no requests.
type PastTime struct {
	P50  []*float32 `json:"p50"`
	P99  []*float32 `json:"p99"`
	P999 []*float32 `json:"p999"`
}

// PastThreads are the shares of all threads' time, which are 1 together; null: there were no threads.
type PastThreads struct {
	Working []*float32 `json:"working"`
	Polling []*float32 `json:"polling"`
	Asleep  []*float32 `json:"asleep"`
}

// since returns the samples after number after, as many as there are.
func (h *history) since(after uint64, now time.Time) Past {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := h.taken + 1 - min(h.taken, uint64(len(h.samples)))
	first = max(first, min(after, h.taken)+1)
	var list []sample
	for n := first; n <= h.taken; n++ {
		list = append(list, *h.sample(n))
	}
	ago := func(s *sample) float64 { return (now.Sub(h.began) - s.end).Seconds() }
	p := Past{
		Began: h.began, Every: sampleEvery.Seconds(), First: first,
		Ago: column(list, ago), Seconds: column(list, func(s *sample) float64 { return s.length.Seconds() }),
		Counters: make(map[string][]uint64), Gauges: make(map[string][]int64), Stages: make(map[string]PastTime),
		Threads: PastThreads{
			Working: column(list, func(s *sample) *float32 { return known(&s.threads[0]) }),
			Polling: column(list, func(s *sample) *float32 { return known(&s.threads[1]) }),
			Asleep:  column(list, func(s *sample) *float32 { return known(&s.threads[2]) }),
		},
	}
	p.addMeasured(list)
	for i := range metrics.StageCount + 1 {
		name := wholeName
		if i < metrics.StageCount {
			name = metrics.Stage(i).String()
		}
		p.Stages[name] = PastTime{
			P50:  column(list, func(s *sample) *float32 { return known(&s.stages[i][0]) }),
			P99:  column(list, func(s *sample) *float32 { return known(&s.stages[i][1]) }),
			P999: column(list, func(s *sample) *float32 { return known(&s.stages[i][2]) }),
		}
	}
	return p
}

// addMeasured adds the counters and the gauges of list.
func (p *Past) addMeasured(list []sample) {
	counter, gauge := 0, 0
	for _, m := range metrics.Table() {
		switch m.Kind {
		case metrics.Counter:
			p.Counters[m.Name] = column(list, func(s *sample) uint64 { return s.counted.Words()[counter] })
			counter++
		case metrics.Gauge:
			p.Gauges[m.Name] = column(list, func(s *sample) int64 { return s.gauges.Words()[gauge] })
			gauge++
		}
	}
}

// column returns one value of each sample.
func column[V any](list []sample, of func(*sample) V) []V {
	all := make([]V, len(list))
	for i := range list {
		all[i] = of(&list[i])
	}
	return all
}

// known returns value, or nil if it is NaN, which JSON has not.
func known(value *float32) *float32 {
	if *value != *value {
		return nil
	}
	return value
}

// past serves h.
func (h *history) past(w http.ResponseWriter, r *http.Request) {
	after, text := uint64(0), r.URL.Query().Get("after")
	if text != "" {
		var err error
		if after, err = strconv.ParseUint(text, 10, 64); err != nil {
			refuse(w, http.StatusBadRequest, fmt.Sprintf("after=%s: the number of an interval is allowed, such as 17", text))
			return
		}
	}
	writeCompact(w, h.since(after, time.Now()))
}

// noHistory answers for a handler without one.
func noHistory(w http.ResponseWriter, _ *http.Request) {
	refuse(w, http.StatusNotImplemented, "this handler keeps no history, which a port of admin.Serve does")
}
