//go:build chromium

package page

import (
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/page/browser"
	"github.com/disrust/disrust/server/bench/internal/result"
)

// shown returns what each chart shows, after a check of their pixels.
func shown(t *testing.T, b *browser.Browser, r *result.Report) []browser.Drawing {
	t.Helper()
	text := written(t, r)
	if err := b.Check(text, "--window-size=1400,3000"); err != nil {
		t.Error(err)
	}
	list, err := browser.Drawings(b.Open(text))
	if err != nil {
		t.Error(err)
	}
	return list
}

func labels(list []browser.Drawing) string {
	var all []string
	for _, d := range list {
		all = append(all, d.Labels())
	}
	return strings.Join(all, ", ")
}

// TestDrawn: every chart is drawn, with the peers that have runs, and a work
// without any says so.
func TestDrawn(t *testing.T) {
	b, r := browser.New(t), report("rate:half")
	const one = "gonet|other rate:half, gonet"
	if got, want := labels(shown(t, b, r)), strings.Join([]string{one, one, one}, ", "); got != want {
		t.Errorf("drawn are %q, want %q", got, want)
	}
	r.Runs = r.Runs[:2]
	dom := b.Open(written(t, r))
	if n, drawn := strings.Count(dom, `class="plot empty"`), strings.Count(dom, `data-drawn="`); n != 3 || drawn != 3 {
		t.Errorf("of six charts %d are empty and %d drawn", n, drawn)
	}
}

// TestFailedDrawn: a peer without figures is among the bars, which say that it
// failed, and not among the lines.
func TestFailedDrawn(t *testing.T) {
	r := report("rate:half")
	r.Failures = []result.Failure{{Work: "rate:half", Peer: "other rate:half", Round: 1, Why: "it closed"}}
	const both = "gonet|other rate:half"
	want := strings.Join([]string{both, both, both, "gonet", both, both}, ", ")
	if got := labels(shown(t, browser.New(t), r)); got != want {
		t.Errorf("drawn are %q, want %q", got, want)
	}
}

// TestScales: figures that lie too far apart for one linear axis have a
// logarithmic one, as all latencies have.
func TestScales(t *testing.T) {
	b, r := browser.New(t), report("rate:half")
	check := func(want string) {
		t.Helper()
		got := ""
		for _, d := range shown(t, b, r) {
			if d.Logarithmic {
				got += " " + d.ID
			}
		}
		if got != want {
			t.Errorf("logarithmic are%s, want%s", got, want)
		}
	}
	check(" latency-0 latency-1")
	r.Runs[1].Rate = 1000 * r.Runs[0].Rate
	check(" rate-0 latency-0 latency-1")
}

// TestNotDrawn: the check sees a bar without its length.
func TestNotDrawn(t *testing.T) {
	text := written(t, report("rate:half"))
	err := browser.New(t).Check(strings.Replace(text, `"value":200000,`, `"value":0,`, 1))
	if err == nil || !strings.Contains(err.Error(), "rate-0: other rate:half has") {
		t.Errorf("the check gives %v", err)
	}
}
