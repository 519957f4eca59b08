//go:build chromium

package page

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/server/bench/internal/result"
)

// dom returns what Chromium makes of a page.
func dom(t *testing.T, text string) string {
	t.Helper()
	folder := t.TempDir()
	file := filepath.Join(folder, "page.html")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--user-data-dir="+folder, "--window-size=1400,3000", "--dump-dom", "file://"+file).Output()
	if err != nil {
		t.Fatalf("chromium (Debian's package of that name): %v", err)
	}
	return string(out)
}

func drawn(text string) (charts []string) {
	for _, match := range regexp.MustCompile(`data-drawn="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		charts = append(charts, match[1])
	}
	return charts
}

// TestDrawn: every chart is drawn, with the peers that have runs, and a work
// without any says so.
func TestDrawn(t *testing.T) {
	r := report("rate:half")
	if got := strings.Join(drawn(dom(t, written(t, r))), "|"); got != strings.Repeat("gonet other rate:half|gonet|", 2)+"gonet other rate:half|gonet" {
		t.Errorf("drawn are %q", got)
	}
	r.Runs = r.Runs[:2]
	text := dom(t, written(t, r))
	if n := strings.Count(text, `class="plot empty">Nothing was measured.`); n != 3 || len(drawn(text)) != 3 {
		t.Errorf("of six charts %d are empty and %d drawn", n, len(drawn(text)))
	}
}

// TestFailedDrawn: a peer without figures is among the bars, which say that it
// failed, and not among the lines.
func TestFailedDrawn(t *testing.T) {
	r := report("rate:half")
	r.Failures = []result.Failure{{Work: "rate:half", Peer: "other rate:half", Round: 1, Why: "it closed"}}
	const both = "gonet other rate:half"
	want := []string{both, both, both, "gonet", both, both}
	if got := drawn(dom(t, written(t, r))); !slices.Equal(got, want) {
		t.Errorf("drawn are %q, want %q", got, want)
	}
}

// TestScales: figures that lie too far apart for one linear axis have a
// logarithmic one.
func TestScales(t *testing.T) {
	r := report("rate:half")
	if n := strings.Count(dom(t, written(t, r)), `data-scale="logarithmic"`); n != 0 {
		t.Errorf("%d axes are logarithmic though figures are near", n)
	}
	r.Runs[1].Rate = 1000 * r.Runs[0].Rate
	if n := strings.Count(dom(t, written(t, r)), `data-scale="logarithmic"`); n != 1 {
		t.Errorf("%d axes are logarithmic, want one", n)
	}
}

// TestNotDrawn: the test sees that a script did not run.
func TestNotDrawn(t *testing.T) {
	text := written(t, report("rate:half"))
	if got := drawn(dom(t, strings.Replace(text, script, script+" ", 1))); len(got) != 0 {
		t.Errorf("a script that the policy does not know has drawn %q", got)
	}
}
