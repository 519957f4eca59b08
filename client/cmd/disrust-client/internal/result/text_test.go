package result

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
)

func text(t *testing.T, r *Run) string {
	t.Helper()
	var b strings.Builder
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestText(t *testing.T) {
	late := openLoop(t)
	late.Total.Valid, late.Total.Why, late.Total.Unsent = false, "the generator was late", 3
	late.Errors = []string{"2 of 2002 responses are missing"}
	for name, c := range map[string]struct {
		run  *Run
		want string
	}{
		"closed": {closedLoop(t), `127.0.0.1:9900, on this machine (a note)
8 connections x 64 in flight, closed loop, vectors 1:70,64:5, dim 128
1,000 requests in 1.0 s after 1s of warm-up: 1,000 requests/s, 1,000 vectors/s

         latency
  p50    1.06 ms
  p90    1.10 ms
  p95    21.0 ms
  p99    21.8 ms
  p99.9  22.0 ms
  max    22.0 ms
  mean   3.05 ms

generator: 100 % busy, 1.00 ms of CPU a request
`},
		"open": {late, `127.0.0.1:9900, on this machine (a note)
8 connections, 1,000 requests/s, poisson arrivals, vectors 1:70,64:5, dim 128
2,000 requests in 2.0 s after 1s of warm-up: 1,000 requests/s, 4,000 vectors/s

         corrected  uncorrected
  p50      1.06 ms
  p90      1.10 ms
  p95      21.0 ms      2.10 ms
  p99      21.8 ms      2.18 ms
  p99.9    22.0 ms      2.20 ms
  max      22.0 ms      2.20 ms
  mean     3.05 ms      1.15 ms
corrected: from when a request was due; uncorrected: from when it was written, where that differs
written late by the generator: p50 5.00 us, max 70.0 us
3 requests were due at the end and not sent, because their connections were full; they count in the latency

generator: 25 % busy, 5.00 us of CPU a request
NOT VALID: the generator was late

error: 2 of 2002 responses are missing
`},
		"sweep": {sweep(t), `127.0.0.1:9900, on this machine (a note)
poisson arrivals, vectors 1:70,64:5, dim 128, each step 2s after 1s of warm-up

    asked/s  conns  answered/s      p50      p99    p99.9      max  p99.9 <= 10ms
      1,000      8       1,000  1.06 ms  2.18 ms  2.20 ms  2.20 ms  kept
      4,000      8       4,000  1.06 ms  54.5 ms  55.0 ms  55.0 ms  missed
      2,000      8       2,000  1.06 ms  4.36 ms  4.40 ms  4.40 ms  kept
      3,000      8       3,000  1.06 ms  4.36 ms  4.40 ms  4.40 ms  failed: connection 3: closed after 12 of 76 responses

knee: 2,000 requests/s, with p99.9 at 4.40 ms (the bound is 10ms)
`},
	} {
		if got := text(t, c.run); got != c.want {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, c.want)
		}
	}
}

func TestFailures(t *testing.T) {
	const want = "\nerrors: 1,512 requests without an answer; 8 connections lost, 7 remade; the first: connection 3: closed after 12 of 76 responses\n\ngenerator: "
	if got := text(t, restarted(t)); !strings.Contains(got, want) {
		t.Errorf("%q is not in\n%s", want, got)
	}
}

// lagging returns a measurement of an open loop whose generator wrote some requests so late that
// its lag makes up most of the tail.
func lagging(t *testing.T) sample.Total {
	t.Helper()
	s := sample.Interval{
		At: time.Second, Length: time.Second, Requests: 1000, Vectors: 1000,
		Latency: histogram(t, spread(1000, 2)...), Service: histogram(t, spread(1000, 2)...), Lag: histogram(t, spread(1000, 2)...),
	}
	return sample.Total{Interval: s, Valid: true}
}

// TestLaggedFigures: lagged figures have a star wherever they are shown, and JSON has their
// names.
func TestLaggedFigures(t *testing.T) {
	r := openLoop(t)
	r.Total = NewTotal(lagging(t))
	const legend = "\n*: the generator's own lag is more than a tenth of this figure\n"
	for _, want := range []string{"\n  p50    *1.06 ms\n", "\n  max    *2.20 ms\n", "written late by the generator: p50 1.06 ms, p99 2.18 ms, p99.9 2.20 ms, max 2.20 ms" + legend} {
		if got := text(t, r); !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	read, err := ReadJSON(bytes.NewReader(stored(t, r)))
	if err != nil || !slices.Equal(read.Total.Lagged, []string{"p50", "p90", "p95", "p99", "p99_9", "max"}) {
		t.Errorf("kept are %v, %v", read.Total.Lagged, err)
	}
	swept := sweep(t)
	swept.Sweep.Steps[1].Total = *r.Total
	for _, want := range []string{" *1.06 ms *2.18 ms *2.20 ms *2.20 ms  missed\n", legend + "\nknee: "} {
		if got := text(t, swept); !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

// TestTextOfOwnBound: a bound at a percentile that is not in the table gets its own column, and
// the conclusion of a sweep over connections names their number.
func TestTextOfOwnBound(t *testing.T) {
	r := sweep(t)
	r.Sweep.SLO.Percentile, r.Sweep.Varied = 99.5, "conns"
	lagged := lagging(t)
	r.Sweep.Add(Asked{Conns: 8}, lagged, nil)
	got := text(t, r)
	bounded := "*" + Latency(time.Duration(lagged.Latency.ValueAtPercentile(99.5))) + "  kept\n"
	for _, want := range []string{"max    p99.5  p99.5 <= 10ms\n", bounded, "*: the generator's own lag", "knee: 2,000 requests/s on 8 connections, with p99.5 at"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

// TestConclusion: the conclusion says whether the server ended the search.
func TestConclusion(t *testing.T) {
	const more = "; nothing higher was asked, so the server may do more"
	const generator = "; beyond that the generator was the limit, so the server may do more"
	for name, c := range map[string]struct {
		change func(*Sweep)
		want   string
	}{
		"nothing kept":   {func(s *Sweep) { s.Knee, s.Steps = nil, s.Steps[1:2]; s.Steps[0].Kept = false }, "knee: no step kept p99.9 <= 10ms"},
		"nothing valid":  {func(s *Sweep) { s.Knee, s.Steps = nil, s.Steps[1:2]; s.Steps[0].Total.Valid = false }, "p99.9 <= 10ms" + generator},
		"no step":        {func(s *Sweep) { s.Knee, s.Steps = nil, nil }, "knee: no step kept p99.9 <= 10ms"},
		"all kept":       {func(s *Sweep) { s.Steps = s.Steps[:1]; *s.Knee = 0 }, "(the bound is 10ms)" + more},
		"not valid next": {func(s *Sweep) { s.Steps[3].Error, s.Steps[3].Total.Valid = "", false }, "(the bound is 10ms)" + generator},
		"valid at last": {func(s *Sweep) {
			s.Steps[3].Error = ""
			s.Steps = append(s.Steps, s.Steps[3])
			s.Steps[3].Total.Valid = false
		}, "(the bound is 10ms)"},
		"not valid far": {func(s *Sweep) { s.Steps[1].Total.Valid = false }, "(the bound is 10ms)"},
		"falling":       {func(s *Sweep) { s.Steps[3].Kept = true; s.Steps[1].Kept = true }, "(the bound is 10ms)"},
		"interrupted":   {func(s *Sweep) { s.Interrupted = true }, "; interrupted before the search was over"},
	} {
		s := sweep(t).Sweep
		c.change(s)
		if got := s.Conclusion(); !strings.HasSuffix(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestLatency(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 ns", 999: "999 ns", 1000: "1.00 us", 9994: "9.99 us", 9996: "10.0 us", 99_960: "100 us", 999_600: "1.00 ms",
		1_240_000: "1.24 ms", time.Minute: "60.0 s",
	} {
		if got := Latency(d); got != want {
			t.Errorf("%d ns is %q, want %q", d, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 999.4: "999", 999.6: "1,000", 123456: "123,456", 1234567: "1,234,567", -1234: "-1,234",
	} {
		if got := Count(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}
