package page

import (
	"bytes"
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/tools/machine"
	"github.com/disrust/disrust/client/tools/page"
	"github.com/disrust/disrust/server/bench/internal/result"
)

// report has two works, the second of which only the first peer did.
func report(name string) *result.Report {
	r := &result.Report{
		Command: "bench " + name, Started: time.Unix(1e9, 0), Machine: machine.Machine{CPUs: 2, CPUModel: name}, Rounds: 1, Notes: []string{name},
		Works: []result.Named{{Name: "1x1", Text: name}, {Name: name, Text: "half"}},
		Peers: []result.Named{{Name: "gonet", Text: name}, {Name: "other " + name}},
	}
	for i, run := range []result.Run{{Work: "1x1", Peer: "gonet"}, {Work: "1x1", Peer: "other " + name}, {Work: name, Peer: "gonet"}} {
		run.Requests, run.Rate, run.ServerCPU = 100, 1e5*float64(i+1), time.Millisecond
		run.Latency = result.Latency{P50: 1e4, P90: 2e4, P99: 5e4, P999: 1e5, Max: 1e6}
		if i == 1 {
			run.Latency = result.Latency{P50: 3e4, P90: 6e4, P99: 9e4, P999: 3e5, Max: 3e6}
		}
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
	for _, match := range regexp.MustCompile(`<figure id="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		ids = append(ids, match[1])
	}
	if got := strings.Join(ids, " "); got != "rate-0 rate-1 latency-0 latency-1 server-0 server-1" {
		t.Errorf("there is a place for %q", got)
	}
	all := stored(t, text)
	if bars := all[0].Bars; len(bars) != 2 || bars[0].Value != 1e5 || bars[1].Value != 2e5 || bars[1].Words != "200k  ×2.00" || bars[1].Color == bars[0].Color {
		t.Errorf("the first work's rates are %+v", bars)
	}
	if bars := all[1].Bars; len(bars) != 1 || bars[0].Value != 3e5 {
		t.Errorf("the second work's rates are %+v", bars)
	}
	if lines := all[2].Sets[0].Lines; len(lines) != 2 || !slices.Equal(lines[0].Y, []page.Value{1e4, 2e4, 5e4, 1e5, 1e6}) {
		t.Errorf("the first work's latencies are %+v", lines)
	}
	if bars := all[4].Bars; len(bars) != 2 || bars[0].Value != 1e4 || bars[0].Words != "10.0 µs  ×1.00" {
		t.Errorf("the first work's CPU times are %+v", bars)
	}
	if got := strings.Count(text, "<tr"); got != 4 {
		t.Errorf("the table has %d lines, want its head and three", got)
	}
}

// stored are the charts that the page's script will see.
func stored(t *testing.T, text string) (charts []page.Chart) {
	t.Helper()
	_, rest, _ := strings.Cut(text, `<script type="application/json" id="data">`)
	part, _, _ := strings.Cut(rest, "</script>")
	if err := json.Unmarshal([]byte(part), &charts); err != nil {
		t.Fatalf("the page's data is no JSON: %v", err)
	}
	return charts
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
		top + "<b>gonet at 1x1:</b> FAILED (rounds: 1 of 2): it lied</p>",
		top + "<b>other rate:half at rate:half:</b> FAILED (rounds: 1 of 1): it closed</p>",
		`<td>0%</td></tr>` + "\n" + `<tr><td class="failure" colspan="14">FAILED (rounds: 1 of 2): it lied</td></tr>`,
		`<tr><th scope="row" class="name">rate:half</th><th scope="row" class="name">other rate:half</th><td class="failure" colspan="12">FAILED (rounds: 1 of 1): it closed</td></tr>`,
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
	if got := stored(t, text)[0].Bars[1].Name; got != "other "+hostile {
		t.Errorf("the name arrives as %q", got)
	}
}

// TestBarsOfFailed: a peer without figures is among the bars, which say that it
// failed, and not among the lines. One that failed in some rounds has both.
func TestBarsOfFailed(t *testing.T) {
	r := report("rate:half")
	r.Failures = []result.Failure{{Work: "rate:half", Peer: "other rate:half", Round: 1, Why: "it closed"}, {Work: "1x1", Peer: "gonet", Round: 2, Why: "it lied"}}
	all := stored(t, written(t, r))
	if bars := all[1].Bars; len(bars) != 2 || bars[1].Value == bars[1].Value || bars[1].Words != "failed 1 of 1 round" || !bars[1].Warning {
		t.Errorf("the bars are %+v", bars)
	}
	if lines := all[3].Sets[0].Lines; len(lines) != 1 || lines[0].Label != "gonet" {
		t.Errorf("the lines are %+v", lines)
	}
	if b := all[0].Bars[0]; b.Words != "100k  ×1.00  failed 1 of 2 rounds" || b.Note != "gonet: 100k, from 100k to 100k in 1 run" || !b.Warning {
		t.Errorf("the bar is %+v", b)
	}
}

func TestLimited(t *testing.T) {
	r := report("rate:half")
	r.Runs[0].Limited = "busy"
	b := stored(t, written(t, r))[0].Bars[0]
	if b.Words != "100k  ×1.00 *" || b.Note != "gonet: 100k, from 100k to 100k in 1 run. * busy" {
		t.Errorf("the bar is %+v", b)
	}
}

func TestFiguresInWords(t *testing.T) {
	for want, got := range map[string]string{
		"0": count(0), "999": count(999), "1.00k": count(999.6), "12.3k": count(12_345), "123M": count(123_456_789), "1234G": count(1.234e12), "2.50": count(2.5),
		"0 ns": nanos(0), "999 ns": nanos(999), "1.00 µs": nanos(1000), "100 ms": nanos(99.96e6), "99.9 s": nanos(99.9e9),
		"0.05": ratio(.05), "0.10": ratio(.0999), "1.50": ratio(1.5), "12.3": ratio(12.34), "0.0012": ratio(.00123),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
