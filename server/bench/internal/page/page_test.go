package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/server/bench/internal/result"
)

// report has two works, the second of which only the first peer did.
func report(name string) *result.Report {
	r := &result.Report{
		Command: "bench " + name, Started: time.Unix(1e9, 0), Machine: result.Machine{CPUs: 2, Model: name}, Rounds: 1, Notes: []string{name},
		Works: []result.Named{{Name: "1x1", Text: name}, {Name: name, Text: "half"}},
		Peers: []result.Named{{Name: "gonet", Text: name}, {Name: "other " + name}},
	}
	for i, run := range []result.Run{{Work: "1x1", Peer: "gonet"}, {Work: "1x1", Peer: "other " + name}, {Work: name, Peer: "gonet"}} {
		run.Requests, run.Rate, run.ServerCPU = 100, 1e5*float64(i+1), time.Millisecond
		run.Latency = result.Latency{P50: 1e4, P90: 2e4, P99: 5e4, P999: 1e5, Max: 1e6}
		r.Runs = append(r.Runs, run)
	}
	return r
}

func written(t *testing.T, r *result.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestCharts: there is a place for each figure and work, and the data for it.
func TestCharts(t *testing.T) {
	text := written(t, report("rate:half"))
	var ids []string
	for _, match := range regexp.MustCompile(`<canvas id="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		ids = append(ids, match[1])
	}
	if got := strings.Join(ids, " "); got != "rate-0 rate-1 latency-0 latency-1 server-0 server-1" {
		t.Errorf("there is a place for %q", got)
	}
	if d := stored(t, text); len(d.Rows) != 4 || len(d.Works) != 2 || len(d.Peers) != 2 || d.Rows[1].Rate.Ratio != 2 || d.Rows[3].Runs != 0 {
		t.Errorf("the data is %+v", d)
	}
	if got := strings.Count(text, "<tr"); got != 4 {
		t.Errorf("the table has %d lines, want its head and three", got)
	}
}

// stored is what the page's script will see.
func stored(t *testing.T, text string) (d data) {
	t.Helper()
	_, rest, _ := strings.Cut(text, `<script type="application/json" id="data">`)
	part, _, _ := strings.Cut(rest, "</script>")
	if err := json.Unmarshal([]byte(part), &d); err != nil {
		t.Fatalf("the page's data is no JSON: %v", err)
	}
	return d
}

// TestSelfContained: nothing in the page, but for the library's text, names a
// place to load from, and the policy lets run exactly the two scripts there are.
func TestSelfContained(t *testing.T) {
	text := written(t, report("rate:half"))
	loads := regexp.MustCompile(`(?i)<(link|iframe|object|embed|img|base|form)\b|\bsrc=|\bhref=|@import|url\(|fetch\(|XMLHttpRequest|WebSocket|sendBeacon`)
	if found := loads.FindString(strings.Replace(text, chartScript, "", 1)); found != "" {
		t.Errorf("the page has %q", found)
	}
	_, rest, _ := strings.Cut(text, `http-equiv="Content-Security-Policy" content="`)
	got, _, _ := strings.Cut(rest, `"`)
	want := "default-src 'none'; style-src 'unsafe-inline'; script-src"
	for _, match := range regexp.MustCompile(`(?s)<script>(.*?)</script>`).FindAllStringSubmatch(text, -1) {
		sum := sha256.Sum256([]byte(match[1]))
		want += " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	if want += "; img-src data:; base-uri 'none'; form-action 'none'"; html.UnescapeString(got) != want {
		t.Errorf("the policy is %s\nwant %s", html.UnescapeString(got), want)
	}
	for _, part := range []string{"Chart.js v" + chartVersion, "Charts: Chart.js " + chartVersion, "Permission is hereby granted"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in the page", part)
		}
	}
}

// TestFailures: the top and the table say who failed and why; in the table behind
// the names if there are no figures, else in a line below them. The top says why
// the benchmark ended early.
func TestFailures(t *testing.T) {
	const top = `<p class="warning">`
	text := written(t, report("rate:half"))
	if strings.Contains(text, top+"<b>") || strings.Contains(text, `class="failure"`) {
		t.Error("a page without failures speaks of some")
	}
	r := report("rate:half")
	r.Ended = "a reason"
	r.Failures = []result.Failure{
		{Work: "1x1", Peer: "gonet", Round: 2, Why: "it lied"},
		{Work: "rate:half", Peer: "other rate:half", Round: 1, Why: "it closed"},
	}
	text = html.UnescapeString(written(t, r))
	for _, part := range []string{
		top + "<b>Ended early:</b> a reason</p>",
		top + "<b>gonet</b> at <b>1x1</b>: FAILED (rounds: 1 of 2): it lied</p>",
		top + "<b>other rate:half</b> at <b>rate:half</b>: FAILED (rounds: 1 of 1): it closed</p>",
		`<td>0%</td></tr>` + "\n" + `<tr><td class="failure" colspan="14">FAILED (rounds: 1 of 2): it lied</td></tr>`,
		`<tr><td>rate:half</td><td>other rate:half</td><td class="failure" colspan="12">FAILED (rounds: 1 of 1): it closed</td></tr>`,
	} {
		if !strings.Contains(text, part) {
			t.Errorf("the page has no %s", part)
		}
	}
}

// TestRanges: a figure's range is set apart from it.
func TestRanges(t *testing.T) {
	r := report("rate:half")
	again := r.Runs[0]
	again.Rate = 3e5
	r.Runs = append(r.Runs, again)
	if text := written(t, r); !strings.Contains(text, "<td>200 <small>[100-300]</small></td>") {
		t.Error("the range is not set apart")
	}
}

func TestHostile(t *testing.T) {
	const hostile = `</script><script>alert(1)</script>"'<img src=x onerror=alert(2)>` + "\u2028]]>-->{{.}}${x}\n</style></title>"
	text := written(t, report(hostile))
	if strings.Count(text, "<script") != 3 || strings.Count(text, "</script>") != 3 {
		t.Error("a report's text opens or closes a script")
	}
	if strings.Contains(text, "<img") || strings.Count(text, "</style>") != 1 || strings.Count(text, "</title>") != 1 {
		t.Error("a report's text opens or closes an element")
	}
	if got := stored(t, text).Works[1]; got != hostile {
		t.Errorf("the name arrives as %q", got)
	}
}
