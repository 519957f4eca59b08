package top

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/disrust/disrust/server/admin"
	"github.com/disrust/disrust/server/metrics"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var start = time.Unix(1_800_000_000, 0)

// fake is a server that has counted what a test wants.
type fake struct {
	started time.Time
	admin.Status
	metrics.Stages
}

func newFake() *fake {
	f := &fake{started: start.Add(-time.Hour)}
	f.Status = admin.Status{
		State: admin.Ready, Started: &f.started, IO: admin.IO{Backend: "io_uring"}, Threads: admin.Threads{IO: 2},
		Model:    &admin.Model{Name: "fraud", Identity: "0123456789abcdef", Format: "LightGBM text v4", Dim: 8, Outputs: 1},
		Flags:    map[string]string{"pool-mib": "16", "request-ring": "65536", "response-ring": "8192"},
		Measured: admin.Measured{Counters: map[string]uint64{}, Gauges: map[string]int64{"max_connections": 100}, Peaks: map[string]int64{}},
	}
	return f
}

// request counts a request that spends so long in each stage.
func (f *fake) request(d time.Duration) {
	for i := range f.Stage {
		f.Stage[i].Add(uint64(d), 1)
	}
	f.Whole.Add(uint64(d)*uint64(len(f.Stage)), 1)
	f.Counters["requests"]++
	f.Counters["vectors"] += 3
}

// sample is what an admin port says of the server. It goes through JSON, and so shares nothing with the fake.
func (f *fake) sample(t testing.TB, at time.Time) (s sample) {
	t.Helper()
	text, err := json.Marshal(f.Status)
	check(t, err)
	check(t, json.Unmarshal(text, &s.status))
	s.at, s.stages.Stages = at, map[string]admin.Distribution{"whole": distribution(&f.Whole)}
	for i := range f.Stage {
		s.stages.Stages[metrics.Stage(i).String()] = distribution(&f.Stage[i])
	}
	return s
}

// distribution is h as /stages writes it.
func distribution(h *metrics.Histogram) (d admin.Distribution) {
	d.Sum = h.Sum
	for bucket, n := range h.Filled() {
		_, high := metrics.Bounds(bucket)
		d.UpTo, d.Counts = append(d.UpTo, high), append(d.Counts, n)
	}
	return d
}

// figures are what the screen shows of a reading, a word each.
func figures(r reading) string {
	s := &screen{glyphs: &blocks, addr: "here:1", plain: true, shown: r}
	all := ""
	for _, l := range s.lines(plainWidth, 1000) {
		all += l.String() + "\n"
	}
	return all
}
