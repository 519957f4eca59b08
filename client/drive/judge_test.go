package drive

import (
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
)

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		lag, latency time.Duration // p99; no lag: a closed loop
		busy         float64
		want         string // "": valid
	}{
		{0, time.Millisecond, 0.94, ""},
		{0, time.Millisecond, 0.96, "busy 96 %"},
		{99 * time.Microsecond, time.Millisecond, 0.5, ""},
		{102 * time.Microsecond, time.Millisecond, 0.5, "more than a tenth"},
		{49 * time.Microsecond, 60 * time.Microsecond, 0.5, ""},
		{990 * time.Microsecond, 20 * time.Millisecond, 0.5, ""},
		{2 * time.Millisecond, time.Second, 0.5, "ms late"},
		{time.Microsecond, time.Millisecond, 1, "busy 100 %"},
	} {
		total := sample.Total{Interval: sample.Interval{Latency: sample.NewHistogram()}, Busy: c.busy}
		record(total.Latency, int64(c.latency), 100)
		if c.lag > 0 {
			total.Lag = sample.NewHistogram()
			record(total.Lag, 0, 98)
			record(total.Lag, int64(c.lag), 2)
		}
		valid, why := judge(total)
		if valid != (c.want == "") || !strings.Contains(why, c.want) {
			t.Errorf("%+v: %v, %q", c, valid, why)
		}
	}
}

// TestJudgeDelay: a run that is late for want of a CPU says so.
func TestJudgeDelay(t *testing.T) {
	const why = "; other threads, such as the server's, had its CPU for 80ms in all"
	for lag, late := range map[time.Duration]bool{2 * time.Millisecond: true, 200 * time.Microsecond: true, 20 * time.Microsecond: false} {
		total := sample.Total{Interval: sample.Interval{Latency: sample.NewHistogram(), Lag: sample.NewHistogram()}, Delayed: 80 * time.Millisecond}
		record(total.Latency, int64(time.Millisecond), 100)
		record(total.Lag, int64(lag), 100)
		if _, said := judge(total); strings.Contains(said, why) != late {
			t.Errorf("%v late: %q", lag, said)
		}
		total.Length = 17 * time.Second
		if _, said := judge(total); strings.Contains(said, "had its CPU") {
			t.Errorf("delayed for too short a time: %q", said)
		}
		total.Length, total.Delayed = 0, 0
		if _, said := judge(total); strings.Contains(said, "had its CPU") {
			t.Errorf("not delayed: %q", said)
		}
	}
}

// TestBusyIsTheBusiest: the busiest thread counts, and a thread that has ended counts as
// waiting.
func TestBusyIsTheBusiest(t *testing.T) {
	r := &run{clock: clock{time.Now()}, crews: []*crew{{}, {}}}
	begin := mark{at: 100, waited: []int64{10, 20}}
	end := mark{at: 200, waited: []int64{10 + 2, 20 + 80}}
	if total := r.total(newFigures(false), begin, end); total.Busy != 0.98 || total.Valid {
		t.Errorf("busy %v, valid %v", total.Busy, total.Valid)
	}
	var m meter
	m.waited.Store(30)
	if got := m.waitedUntil(200); got != 30 {
		t.Errorf("a crew at work has waited %d, want 30", got)
	}
	m.ended.Store(150)
	if got := m.waitedUntil(200); got != 30+50 {
		t.Errorf("a crew that is done has waited %d, want 80", got)
	}
}

// TestCrewsTellTheirEnd: a crew counts as waiting from its end on.
func TestCrewsTellTheirEnd(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		c := config(t, serve(t, &script{}))
		if err := c.prepare(); err != nil {
			t.Fatal(err)
		}
		r := runCrews(t, c, d)
		for i, c := range r.crews {
			if c.meter.ended.Load() == 0 {
				t.Errorf("crew %d of %d does not tell", i+1, len(r.crews))
			}
		}
	})
}
