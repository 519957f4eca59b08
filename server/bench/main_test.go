//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/tools/page"
	"github.com/disrust/disrust/server/bench/internal/load"
	"github.com/disrust/disrust/server/bench/internal/result"
)

// short makes runs that are just long enough to show that they work. There is no warm-up, so
// that the first answer counts, however late it is.
var short = []string{"--rounds", "1", "--duration", "50ms", "--warmup", "0s"}

// read parses a report's file of JSON.
func read(t *testing.T, name string) (r result.Report) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAll runs every peer in every kind of work.
func TestAll(t *testing.T) {
	folder := t.TempDir()
	raw, page := filepath.Join(folder, "runs.json"), filepath.Join(folder, "page.html")
	var stdout, stderr bytes.Buffer
	args := append(short, "--work", "2x3,2x1x64,rate:half", "--json", raw, "--html", page, "--disrust-flags", "--max-conns 100")
	if status := run(t.Context(), args, &stdout, &stderr); status != 0 {
		t.Fatalf("status %d: %s", status, &stderr)
	}
	report := read(t, raw)
	if want := 2*len(report.Peers) + 3; len(report.Runs) != want || len(report.Peers) != 7 {
		t.Errorf("%d runs, want %d", len(report.Runs), want)
	}
	for _, r := range report.Runs {
		if r.Requests < 1 || r.Rate <= 0 || r.Latency.P50 <= 0 || r.Latency.Max < r.Latency.P999 || r.Elapsed <= 0 {
			t.Errorf("a run is %+v", r)
		}
	}
	checkTable(t, &report, stdout.String())
	checkPage(t, &report, page)
}

// checkTable fails the test unless the table has each row's cells.
func checkTable(t *testing.T, report *result.Report, table string) {
	t.Helper()
	lines := map[string]bool{}
	for line := range strings.Lines(table) {
		lines[strings.Join(strings.Fields(line), " ")] = true
	}
	for _, row := range report.Rows() {
		line := strings.Join(strings.Fields(strings.Join(append(row.Cells(), row.Failure()), " ")), " ")
		if !row.Empty() && !lines[line] {
			t.Errorf("the table has no line %q", line)
		}
	}
}

// checkPage compares the page's charts and its table with the runs.
func checkPage(t *testing.T, report *result.Report, name string) {
	t.Helper()
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := html.UnescapeString(string(file))
	if ended := "<b>Ended early:</b> " + report.Ended; strings.Contains(text, ended) != (report.Ended != "") {
		t.Errorf("the page does not say %q, or needlessly", report.Ended)
	}
	checkCharts(t, report, string(file))
	plain := strings.NewReplacer("<small>", "", "</small>", "").Replace(text)
	for _, row := range report.Rows() {
		for _, cell := range row.Cells() {
			if !row.Empty() && !strings.Contains(plain, "<td>"+cell+"</td>") && !strings.Contains(plain, `class="name">`+cell+"</th>") {
				t.Errorf("the page's table has no %q", cell)
			}
		}
		if said := row.Failure(); said != "" && !(strings.Contains(plain, said+"</td>") && strings.Contains(plain, said+"</p>")) {
			t.Errorf("the page's top or its table does not say %q", said)
		}
	}
}

// checkCharts compares the bars and the lines that the page's script sees with
// the runs.
func checkCharts(t *testing.T, report *result.Report, text string) {
	t.Helper()
	_, rest, _ := strings.Cut(text, `<script type="application/json" id="data">`)
	stored, _, _ := strings.Cut(rest, "</script>")
	var charts []page.Chart
	if err := json.Unmarshal([]byte(stored), &charts); err != nil {
		t.Fatalf("the page's data is no JSON: %v", err)
	}
	shown := map[string][]page.Value{}
	for _, c := range charts {
		for _, b := range c.Bars {
			shown[c.ID+" "+b.Name] = []page.Value{b.Value, b.Low, b.High}
		}
		for _, set := range c.Sets {
			for _, l := range set.Lines {
				shown[c.ID+" "+l.Label] = l.Y
			}
		}
	}
	want := figures(report)
	if fmt.Sprint(shown) != fmt.Sprint(want) { // as text, in which no figure equals no figure
		t.Errorf("the charts show\n%v, want\n%v", shown, want)
	}
}

// figures are what charts should show, by chart and peer.
func figures(report *result.Report) map[string][]page.Value {
	all := map[string][]page.Value{}
	for i, row := range report.Rows() {
		set := func(kind string, values ...float64) {
			name := fmt.Sprintf("%s-%d %s", kind, i/len(report.Peers), row.Peer)
			for _, v := range values {
				all[name] = append(all[name], page.Value(v))
			}
		}
		switch {
		case row.Runs > 0:
			set("rate", row.Rate.Median, row.Rate.Low, row.Rate.High)
			set("server", row.Server.Median, row.Server.Low, row.Server.High)
			set("latency", row.P50.Median, row.P90.Median, row.P99.Median, row.P999.Median, row.Max.Median)
		case row.Failed > 0:
			set("rate", math.NaN(), math.NaN(), math.NaN())
			set("server", math.NaN(), math.NaN(), math.NaN())
		}
	}
	return all
}

// interrupter, as the writer of the progress, ends the benchmark after its first run.
type interrupter struct{ stop context.CancelFunc }

func (i interrupter) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("round 1")) {
		i.stop()
	}
	return len(b), nil
}

func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	raw := filepath.Join(t.TempDir(), "runs.json")
	var stdout bytes.Buffer
	args := append(short, "--peers", "gonet", "--rounds", "1000", "--work", "1x1,rate:half", "--json", raw)
	if status := run(ctx, args, &stdout, interrupter{stop}); status != 0 {
		t.Errorf("status %d", status)
	}
	if report := read(t, raw); len(report.Runs) != 1 {
		t.Errorf("%d runs are kept, want the one that was finished", len(report.Runs))
	}
	if !strings.Contains(stdout.String(), "\nENDED EARLY: interrupted\n") || !strings.Contains(stdout.String(), "gonet") {
		t.Errorf("the table is %s", &stdout)
	}
}

// TestWrongPeer: a run fails if the server does not answer as its protocol requires.
func TestWrongPeer(t *testing.T) {
	o, err := parseOptions(append(short, "--peers", "gonet", "--work", "1x1"))
	if err != nil {
		t.Fatal(err)
	}
	o.peers[0].drive = load.HTTPBinary // which gonet does not speak
	var stdout, stderr bytes.Buffer
	err = benchmark(t.Context(), o, "bench", &stdout, &stderr)
	if err == nil || !strings.Contains(err.Error(), "1x1, round 1: gonet: connection 1: not answered") {
		t.Errorf("the error is %v", err)
	}
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		args         string
		status       int
		stdout, said string
	}{
		{"--help", 0, "go run ./server/bench", ""},
		{"--version", 0, "bench ", ""},
		{"more", 2, "", `bench: "more" is not NAME='COMMAND {port}'`},
		{"--peers gonet gonet=x{port}", 2, "", "bench: gonet: there is a server of this name already"},
		{"--peers gonet --work 1x1 --rounds 1 --duration 10ms --warmup 0s other=/nonexistent/program{port}", 1, "other", "no such file or directory"},
		{"--rounds 0", 2, "", "bench: --rounds 0: a whole number from 1 to 1000 is allowed\n"},
		{"--peers gonet --work 1x1 --rounds 1 --duration 10ms --warmup 0s --json /nonexistent/file", 1, "", "bench: cannot write: /nonexistent/file: cannot create a file in its folder: no such file or directory\n"},
		{"--peers gonet --work 1x1 --json a --html ./a", 1, "", "bench: --json and --html are one file, ./a\n"},
		{"--peers disrust --work 1x1 --disrust-flags --nonsense", 1, "", "ended before it was ready: disrust: "},
	} {
		var stdout, stderr bytes.Buffer
		if status := run(t.Context(), strings.Fields(c.args), &stdout, &stderr); status != c.status {
			t.Errorf("%s: status %d: %s", c.args, status, &stderr)
		}
		if !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.said) {
			t.Errorf("%s prints %s and says %s", c.args, &stdout, &stderr)
		}
	}
}
