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
