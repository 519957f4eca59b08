package result

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/tools/machine"
	"pgregory.net/rapid"

	"github.com/disrust/disrust/client/drive/sample"
)

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   Spread
	}{
		{[]float64{3}, Spread{Median: 3, Low: 3, High: 3}},
		{[]float64{9, 1}, Spread{Median: 5, Low: 1, High: 9}},
		{[]float64{9, 1, 2}, Spread{Median: 2, Low: 1, High: 9}},
		{[]float64{4, 1, 100, 2}, Spread{Median: 3, Low: 1, High: 100}},
	} {
		if got := NewSpread(c.values); got != c.want {
			t.Errorf("%v: %+v, want %+v", c.values, got, c.want)
		}
	}
}

// TestSpreadProperty: as many values lie below the median as above, whatever their order.
// NewSpread does not change the order.
func TestSpreadProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 1e9), 1, 30).Draw(t, "values")
		before := slices.Clone(values)
		s := NewSpread(values)
		below, above := 0, 0
		for _, v := range values {
			if v < s.Median {
				below++
			}
			if v > s.Median {
				above++
			}
		}
		if 2*below > len(values) || 2*above > len(values) {
			t.Fatalf("%d below and %d above %v of %v", below, above, s.Median, values)
		}
		if s.Low != slices.Min(values) || s.High != slices.Max(values) || !slices.Equal(values, before) {
			t.Fatalf("%+v of %v", s, values)
		}
	})
}

// sampled returns a report of two peers. The second peer did not do the second work.
func sampled() *Report {
	r := &Report{
		Command: "bench", Started: time.Unix(1e9, 0).UTC(), Machine: machine.Machine{CPUs: 2, OS: "linux", Arch: "amd64", Go: "go1.26"},
		Works: []Named{{"1x1", "one"}, {"rate:half", "half"}}, Peers: []Named{{"gonet", "plain"}, {"disrust", "ours"}},
		Rounds: 3, Notes: []string{"a note"}, Failures: []Failure{{"8x8", "gonet", 1, "of a work not asked for"}},
	}
	add := func(work, peer string, round int, rate float64, cpu, p50 time.Duration, limited string) {
		r.Runs = append(r.Runs, Run{
			Work: work, Peer: peer, Round: round, Requests: 100, Rate: rate, ServerCPU: 100 * cpu, GeneratorCPU: 20 * cpu,
			Latency: Latency{P50: p50, P90: 2 * p50, P99: 3 * p50, P999: 4 * p50, Max: 5 * p50}, Busy: 0.5, Limited: limited,
		})
	}
	add("1x1", "gonet", 1, 1000, 400, 10_000, "")
	add("1x1", "disrust", 1, 3000, 100, 4_000, "busy")
	add("1x1", "disrust", 2, 1000, 300, 6_000, "busy")
	add("1x1", "gonet", 2, 1200, 500, 14_000, "busy")
	add("1x1", "gonet", 3, 1100, 600, 12_000, "")
	add("1x1", "disrust", 3, 2200, 200, 5_000, "")
	add("rate:half", "gonet", 1, 500, 400, 10_000, "")
	return r
}

func TestRows(t *testing.T) {
	rows := sampled().Rows()
	if len(rows) != 4 {
		t.Fatalf("%d rows", len(rows))
	}
	gonet, disrust, none := rows[0], rows[1], rows[3]
	if want := (Spread{1100, 1000, 1200, 1}); gonet.Rate != want {
		t.Errorf("the first peer's rate is %+v, want %+v", gonet.Rate, want)
	}
	if want := (Spread{2200, 1000, 3000, 2}); disrust.Rate != want {
		t.Errorf("the second's is %+v, want %+v", disrust.Rate, want)
	}
	if want := (Spread{200, 100, 300, 0.4}); disrust.Server != want {
		t.Errorf("its server's CPU is %+v, want %+v", disrust.Server, want)
	}
	if want := (Spread{40, 20, 60, 0.4}); disrust.Generator != want {
		t.Errorf("the generator's is %+v, want %+v", disrust.Generator, want)
	}
	if disrust.P999.Median != 20_000 || disrust.Max.Median != 25_000 || disrust.P99.Ratio != 15.0/36 {
		t.Errorf("latencies are %+v", disrust)
	}
	if gonet.Limited != "" || disrust.Limited != "busy" {
		t.Errorf("limited are %q and %q", gonet.Limited, disrust.Limited)
	}
	if want := (Row{Work: "rate:half", Peer: "disrust"}); none != want {
		t.Errorf("a row without runs is %+v", none)
	}
}

// TestFailures: a row counts its peer's failures and has the reason of the first one, beside
// the figures of the other rounds, if there are any.
func TestFailures(t *testing.T) {
	r := sampled()
	r.Failures = []Failure{{"1x1", "disrust", 2, "first"}, {"rate:half", "disrust", 1, "other"}, {"1x1", "disrust", 4, "second"}}
	rows := r.Rows()
	for i, want := range []string{"", "FAILED (rounds: 2 of 5): first", "", "FAILED (rounds: 1 of 1): other"} {
		if got := rows[i].Failure(); got != want || rows[i].Empty() {
			t.Errorf("row %d says %q, want %q; empty is %v", i, got, want, rows[i].Empty())
		}
	}
	if rows[1].Rate.Median != 2200 {
		t.Errorf("its rate is %+v", rows[1].Rate)
	}
	if none := sampled().Rows()[3]; !none.Empty() || none.Failure() != "" {
		t.Errorf("a row that was not tried is %+v", none)
	}
}

// TestRatioUnknown: without the first peer's figures there are no ratios.
func TestRatioUnknown(t *testing.T) {
	r := sampled()
	r.Runs = slices.DeleteFunc(r.Runs, func(r Run) bool { return r.Peer == "gonet" })
	if row := r.Rows()[1]; row.Rate.Ratio != 0 || row.Runs != 3 {
		t.Errorf("the row is %+v", row)
	}
}

func TestTable(t *testing.T) {
	var b bytes.Buffer
	r := sampled()
	r.Failures = []Failure{{"1x1", "disrust", 4, "it lied"}, {"rate:half", "disrust", 1, "it closed"}}
	r.Ended = "a reason"
	if err := r.WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	const want = `ENDED EARLY: a reason

work       peer     k requests/s      x     server CPU ns  x     p50 us             x     p99 us             x     p99.9 us           x     generator CPU ns  busy
1x1        gonet    1.10 [1.00-1.20]  1.00  500 [400-600]  1.00  12.0 [10.0-14.0]   1.00  36.0 [30.0-42.0]   1.00  48.0 [40.0-56.0]   1.00  100 [80.0-120]    50%
1x1        disrust  2.20 [1.00-3.00]  2.00  200 [100-300]  0.40  5.00 [4.00-6.00]   0.42  15.0 [12.0-18.0]   0.42  20.0 [16.0-24.0]   0.42  40.0 [20.0-60.0]  50% *  FAILED (rounds: 1 of 4): it lied

rate:half  gonet    0.50              1.00  400            1.00  10.0               1.00  30.0               1.00  40.0               1.00  80.0              50%
rate:half  disrust  FAILED (rounds: 1 of 1): it closed

a note
`
	squeeze := func(s string) string {
		var lines []string
		for line := range strings.Lines(s) {
			lines = append(lines, strings.Join(strings.Fields(line), " "))
		}
		return strings.Join(lines, "\n")
	}
	if got := squeeze(b.String()); got != squeeze(want) {
		t.Errorf("the table is\n%s", &b)
	}
}

func TestDigits(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.5: "0.50", 9.994: "9.99", 12.34: "12.3", 123.4: "123", 23456.7: "23457"} {
		if got := digits(v); got != want {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
	for v, want := range map[float64]string{0: "", 0.00137: "0.0014", 0.1: "0.10", 1: "1.00", 801.2: "801"} {
		if got := (Spread{Ratio: v}).ratio(); got != want {
			t.Errorf("ratio %v is %s, want %s", v, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	written, read := sampled(), Report{}
	if err := written.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b.Bytes(), &read); err != nil || !reflect.DeepEqual(&read, written) {
		t.Errorf("read back: %+v, %v", read, err)
	}
}

func TestNewLatency(t *testing.T) {
	h := sample.NewHistogram()
	for v := int64(1); v <= 1000; v++ {
		if err := h.RecordValue(v); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := NewLatency(h), (Latency{500, 900, 990, 999, 1000, 1000}); got != want {
		t.Errorf("latencies are %+v, want %+v", got, want)
	}
}
