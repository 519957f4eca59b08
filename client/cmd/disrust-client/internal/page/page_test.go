package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
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
)

func written(t testing.TB, runs ...result.Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, runs...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// drawnData is what the page's script will see.
func drawnData(t *testing.T, text string) map[string]any {
	t.Helper()
	_, rest, _ := strings.Cut(text, `<script type="application/json" id="data">`)
	stored, _, found := strings.Cut(rest, "</script>")
	var d map[string]any
	if err := json.Unmarshal([]byte(stored), &d); err != nil || !found {
		t.Fatalf("the page's data is no JSON: %v", err)
	}
	return d
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

// TestSelfContained: nothing in the page names a place to load from, and the
// policy lets run exactly the two scripts that are there.
func TestSelfContained(t *testing.T) {
	text := written(t, measurement(t, "before", 1, 120*time.Microsecond, 8))
	loads := regexp.MustCompile(`(?i)<(link|iframe|object|embed|img|base|form)\b|\bsrc=|\bhref=|@import|url\(|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|\bimport\(`)
	if found := loads.FindString(text); found != "" {
		t.Errorf("the page has %q", found)
	}
	_, rest, _ := strings.Cut(text, `http-equiv="Content-Security-Policy" content="`)
	policy, _, _ := strings.Cut(rest, `"`)
	policy = html.UnescapeString(policy)
	want := "default-src 'none'; style-src 'unsafe-inline'; script-src"
	for _, match := range regexp.MustCompile(`(?s)<script>(.*?)</script>`).FindAllStringSubmatch(text, -1) {
		sum := sha256.Sum256([]byte(match[1]))
		want += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	want += "; img-src data:; base-uri 'none'; form-action 'none'"
	if policy != want {
		t.Errorf("the policy is %s\nwant %s", policy, want)
	}
	for _, part := range []string{"uPlot (v" + chartVersion + ")", "Charts: uPlot " + chartVersion, "Permission is hereby granted"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in the page", part)
		}
	}
	if strings.Count(text, "<script") != 3 || strings.Count(text, "</script>") != 3 {
		t.Error("the page has not three script elements: data, library and its own")
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
		if got := drawnData(t, text)["runs"].([]any)[0].(map[string]any)["name"]; got != hostile {
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
	d := drawnData(t, written(t, r))
	run := d["runs"].([]any)[0].(map[string]any)
	if run["name"] != "run 1" {
		t.Errorf("a run without a name is %v", run["name"])
	}
	for _, line := range []string{"x", "rate", "p50", "p90", "p99", "p999", "max"} {
		values := run[line].([]any)
		if len(values) != 30 {
			t.Errorf("%s has %d values, want 30", line, len(values))
		}
		if gap := values[4] == nil; gap != (line != "x" && line != "rate") {
			t.Errorf("%s of a second without answers is %v", line, values[4])
		}
	}
	lines := d["curves"].(map[string]any)["lines"].([]any)
	if len(lines) != 2 {
		t.Fatalf("%d curves, want corrected and uncorrected", len(lines))
	}
	for _, line := range lines {
		last := 0.0
		for _, y := range line.(map[string]any)["y"].([]any) {
			if y.(float64) < last {
				t.Fatalf("a percentile curve falls from %v to %v", last, y)
			}
			last = y.(float64)
		}
	}
	if want := float64(r.Total.Latency.Max); lines[0].(map[string]any)["y"].([]any)[len(d["curves"].(map[string]any)["x"].([]any))-1] != want {
		t.Errorf("the curve does not end at the maximum, %v", want)
	}
}

func TestShortestLatency(t *testing.T) {
	for n, want := range map[nanos]string{none: "null", 0: "1", 1: "1", 2: "2"} {
		if text, err := n.MarshalJSON(); err != nil || string(text) != want {
			t.Errorf("%d is %s, %v, want %s", n, text, err, want)
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
	want := []string{"1/s", "8", "0/s", "–", "–", "–", "–", "nothing was answered"}
	if got := steps(r).Rows[0]; !slices.Equal(got, want) {
		t.Errorf("row %q, want %q", got, want)
	}
}
