package page

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/client/tools/page"
)

func written(t testing.TB, runs ...result.Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, runs...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// charts are what the page's script will see, by their IDs.
func charts(t *testing.T, text string) map[string]page.Chart {
	t.Helper()
	_, rest, _ := strings.Cut(text, `<script type="application/json" id="data">`)
	stored, _, found := strings.Cut(rest, "</script>")
	var list []page.Chart
	if err := json.Unmarshal([]byte(stored), &list); err != nil || !found {
		t.Fatalf("the page's data is no JSON: %v", err)
	}
	all := map[string]page.Chart{}
	for _, c := range list {
		all[c.ID] = c
	}
	return all
}

func TestFigures(t *testing.T) {
	one, swept := measurement(t, "before", 1, 120*time.Microsecond, 8), search(t, "sweep", 1, 500e3)
	conns := searchConns(t)
	for name, c := range map[string]struct {
		runs []result.Run
		ids  string
	}{
		"run":     {[]result.Run{one}, "throughput latency curve"},
		"runs":    {[]result.Run{one, one}, "throughput latency curve"},
		"sweep":   {[]result.Run{swept}, "sweep-latency-rate sweep-rate-rate curve"},
		"sweeps":  {[]result.Run{swept, conns, swept}, "sweep-latency-rate sweep-rate-rate sweep-latency-conns sweep-rate-conns curve"},
		"mixed":   {[]result.Run{one, swept}, "throughput latency sweep-latency-rate sweep-rate-rate curve"},
		"nothing": {[]result.Run{blankTotal()}, "throughput latency"},
	} {
		var ids []string
		for _, match := range regexp.MustCompile(`<figure id="([^"]*)">`).FindAllStringSubmatch(written(t, c.runs...), -1) {
			ids = append(ids, match[1])
		}
		if got := strings.Join(ids, " "); got != c.ids {
			t.Errorf("%s: figures are %q, want %q", name, got, c.ids)
		}
	}
	if err := Write(&bytes.Buffer{}); err == nil {
		t.Error("a page of no runs is written")
	}
}

// TestErrors: a run that reconnects has a chart of its errors, and its table sums them up.
func TestErrors(t *testing.T) {
	r, other := measurement(t, "before", 1, 120*time.Microsecond, 8), measurement(t, "steady", 2, 120*time.Microsecond, 8)
	r.Parameters.Reconnect = true
	r.Intervals[4].Errors = &result.Errors{Requests: 1512, Lost: 8, Reconnects: 7}
	r.Total.Errors = r.Intervals[4].Errors
	for name, c := range map[string]struct {
		runs   []result.Run
		labels string
	}{
		"alone": {[]result.Run{r}, "requests, connections lost, connections remade"},
		"two":   {[]result.Run{r, other}, "before requests, before connections lost, before connections remade"},
	} {
		text := written(t, c.runs...)
		sets := charts(t, text)["errors"].Sets
		if len(sets) != 1 || len(sets[0].X) != 30 {
			t.Fatalf("%s: %d sets", name, len(sets))
		}
		var labels []string
		for i, line := range sets[0].Lines {
			labels = append(labels, line.Label)
			if want := []page.Value{1512, 8, 7}[i]; len(line.Y) != 30 || line.Y[4] != want || line.Y[5] != 0 {
				t.Errorf("%s: %s is %v, want %v in second 4", name, line.Label, line.Y, want)
			}
		}
		if got := strings.Join(labels, ", "); got != c.labels || !strings.Contains(text, "1,512 requests without an answer; 8 connections lost, 7 remade") {
			t.Errorf("%s: lines are %q", name, got)
		}
	}
}

func TestHostile(t *testing.T) {
	const hostile = `</script><script>alert(1)</script>"'<img src=x onerror=alert(2)>&amp;` + "\u2028]]>-->{{.}}${x}\n</style></title>"
	r := measurement(t, "before", 1, 120*time.Microsecond, 8)
	r.Name = hostile
	r.Tool, r.Command, r.Server.Address, r.Server.Note, r.Parameters.Mix = hostile, hostile, hostile, hostile, hostile
	r.Client.CPUModel, r.Errors, r.Total.Valid, r.Total.Why = hostile, []string{hostile}, false, hostile
	swept := search(t, "sweep", 1, 500e3)
	swept.Name = hostile
	swept.Sweep.Steps[0].Kept, swept.Sweep.Steps[0].Error = false, hostile
	for name, runs := range map[string][]result.Run{"run": {r}, "mixed": {r, swept}} {
		text := written(t, runs...)
		if strings.Count(text, "<script") != 3 || strings.Count(text, "</script>") != 3 {
			t.Errorf("%s: a run's text opens or closes a script", name)
		}
		if strings.Contains(text, "<img") || strings.Count(text, "</style>") != 1 || strings.Count(text, "</title>") != 1 {
			t.Errorf("%s: a run's text opens or closes an element", name)
		}
		if got := charts(t, text)["curve"].Sets[0].Lines[0].Label; got != hostile {
			t.Errorf("%s: the name arrives as %q", name, got)
		}
	}
	swept.Sweep.Varied = hostile
	if text := written(t, swept); strings.Count(text, "<script") != 3 {
		t.Error("what was varied opens a script")
	}
}

func TestData(t *testing.T) {
	r := measurement(t, "before", 1, 120*time.Microsecond, 8)
	r.Name = ""
	stalled := &r.Intervals[4]
	stalled.Requests, stalled.Rate, stalled.Latency = 0, 0, &result.Distribution{Histogram: stalled.Latency.Histogram}
	all := charts(t, written(t, r))
	if rate := all["throughput"].Sets[0]; len(rate.X) != 30 || len(rate.Lines[0].Y) != 30 || rate.X[0] != 1 || rate.Lines[0].Y[4] != 0 {
		t.Errorf("the rates are %+v", rate)
	}
	var labels []string
	for _, line := range all["latency"].Sets[0].Lines {
		labels = append(labels, line.Label)
		for i, y := range line.Y {
			if gap := y != y; gap != (i == 4) || len(line.Y) != 30 {
				t.Errorf("%s has %v in second %d of %d", line.Label, y, i, len(line.Y))
			}
		}
	}
	if got := strings.Join(labels, " "); got != "p50 p90 p99 p99.9 max" {
		t.Errorf("the lines are %q", got)
	}
}

func TestCurves(t *testing.T) {
	r := measurement(t, "", 1, 120*time.Microsecond, 8)
	set := charts(t, written(t, r))["curve"].Sets[0]
	if len(set.Lines) != 2 || set.Lines[0].Label != "run 1" || set.Lines[1].Label != "run 1, uncorrected" {
		t.Fatalf("the curves are %+v, want corrected and uncorrected", set.Lines)
	}
	for _, line := range set.Lines {
		if !slices.IsSorted(line.Y) || len(line.Y) != len(set.X) {
			t.Errorf("%s falls, or has not a value for each x: %v", line.Label, line.Y)
		}
	}
	if got, want := set.Lines[0].Y[len(set.X)-1], page.Value(r.Total.Latency.Max); got != want {
		t.Errorf("the curve ends at %v, want the maximum, %v", got, want)
	}
}

// TestSweeps: steps ascend, a repeated one counts once, the bound lies across all
// of them, and the knee is marked.
func TestSweeps(t *testing.T) {
	swept := search(t, "sweep", 1, 500e3)
	swept.Sweep.Steps = append(swept.Sweep.Steps, swept.Sweep.Steps[0])
	for name, c := range map[string]struct {
		runs   []result.Run
		labels string
		mark   string
	}{
		"alone": {[]result.Run{swept}, "p50 p99 p99.9 max|bound 1.00 ms", "knee 400,000/s"},
		"two":   {[]result.Run{swept, search(t, "other", 2, 800e3)}, "sweep p50 sweep p99.9|other p50 other p99.9|bound 1.00 ms", "sweep knee 400,000/s"},
	} {
		chart := charts(t, written(t, c.runs...))["sweep-latency-rate"]
		var sets []string
		for _, set := range chart.Sets {
			var labels []string
			for _, line := range set.Lines {
				labels = append(labels, line.Label)
				if len(line.Y) != 10 || len(set.X) != 10 || !slices.IsSorted(set.X) {
					t.Errorf("%s: %s has %d values at %v", name, line.Label, len(line.Y), set.X)
				}
			}
			sets = append(sets, strings.Join(labels, " "))
		}
		if got := strings.Join(sets, "|"); got != c.labels {
			t.Errorf("%s: the lines are %q, want %q", name, got, c.labels)
		}
		if len(chart.Marks) != len(c.runs) || chart.Marks[0].Label != c.mark {
			t.Errorf("%s: the marks are %+v, want %q", name, chart.Marks, c.mark)
		}
	}
}

func TestWarnings(t *testing.T) {
	r := measurement(t, "before", 1, 120*time.Microsecond, 8)
	r.Total.Valid, r.Total.Why, r.Errors = false, "written 3 ms late", []string{"2 responses are missing"}
	text := written(t, r)
	for _, want := range []string{`<p class="warning">Not valid: written 3 ms late</p>`, `<p class="warning">2 responses are missing</p>`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in the page", want)
		}
	}
}

// TestLagged: a figure that the generator's lag is a large part of has a star
// wherever it stands, and what it means is said.
func TestLagged(t *testing.T) {
	r := measurement(t, "before", 1, 120*time.Microsecond, 8)
	if text := written(t, r); strings.Contains(text, ">*") {
		t.Error("a figure has a star without a cause")
	}
	r.Total.Lagged = []string{"max"}
	most := html.EscapeString(latency(r.Total.Latency.Max))
	value, unit, _ := strings.Cut(most, " ")
	swept := search(t, "sweep", 1, 500e3)
	swept.Sweep.Steps[0].Lagged = true
	for want, text := range map[string]string{
		"<dt>max</dt><dd>*" + value + " <span>" + unit:  written(t, r),
		"<td>*" + most + "</td>":                        written(t, r),
		"<td>*" + latency(swept.Sweep.Steps[0].Bounded): written(t, swept),
	} {
		if !strings.Contains(text, want) || !strings.Contains(text, "*: the generator&#39;s own lag is more") {
			t.Errorf("%q, or what stars mean, is not in the page", want)
		}
	}
}

// TestServersMachine: a page says what is known of it, and what is not.
func TestServersMachine(t *testing.T) {
	for want, server := range map[string]result.Server{
		"the client's machine":                       result.ServerAt("127.0.0.1:9900", ""),
		"another one; --server-note says what it is": result.ServerAt("192.0.2.1:9900", ""),
		"another one":                                result.ServerAt("192.0.2.1:9900", "64 CPUs"),
	} {
		r := blank("run")
		r.Server = server
		if got := serverMachine(&r); got != want {
			t.Errorf("%+v: %q, want %q", server, got, want)
		}
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteErrors(t *testing.T) {
	r := measurement(t, "before", 1, 120*time.Microsecond, 8)
	if err := Write(brokenWriter{}, r); !errors.Is(err, errBroken) {
		t.Errorf("a write that fails gives %v", err)
	}
	r.Total.Latency.Histogram = "AAAA"
	if err := Write(&bytes.Buffer{}, r); err == nil || !strings.Contains(err.Error(), "before: histogram_hdr is no HdrHistogram") {
		t.Errorf("a broken histogram gives %v", err)
	}
}

// TestEmptyStep: a step that was answered nothing has no latency, rather than 0.
func TestEmptyStep(t *testing.T) {
	r := &result.Run{Sweep: &result.Sweep{Varied: "rate"}}
	r.Sweep.Add(result.Asked{Rate: 1, Conns: 8}, sample.Total{Valid: true}, nil)
	want := page.NewRow("1/s", "8", "0/s", "–", "–", "–", "–", "nothing was answered")
	if got := steps(r).Rows[0]; !slices.Equal(got.Cells, want.Cells) {
		t.Errorf("row %v, want %v", got, want)
	}
}
