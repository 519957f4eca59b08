package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/drive/sample"
)

// settled fails the test unless a measuring command succeeded, or failed only because its
// generator was the bottleneck, as it may be on a busy machine.
func settled(t testing.TB, status int, stderr string) {
	t.Helper()
	busy := strings.Contains(stderr, "not valid: the generator") || strings.Contains(stderr, "no step kept the bound")
	if status != 0 && !(status == 1 && busy) || status == 0 && stderr != "" {
		t.Fatalf("status %d, stderr %q", status, stderr)
	}
}

const sustainLines = `^ +second +requests/s +p50_us +p95_us +p99_us +p99.9_us +p99.99_us +max_us\n(( +[\d.-]+){8}\n)+\n127\.0\.0\.1:\d+, on this machine`

func TestSustain(t *testing.T) {
	port := serve(t, 128, faults{})
	rows := inFile(t, "rows.f32", make([]byte, 7*512))
	for args, says := range map[string]string{
		"--conns 2 --window 8 --vectors 3":             ` \(noted\)\n2 connections x 8 in flight, closed loop, vectors 3, dim 128\n(.*\n)*every response right\n$`,
		"--conns 2 --rate 2k":                          `\n2 connections, 2,000 requests/s, constant arrivals, vectors 1, dim 128\n(.*\n)*written late by the generator: p50 .*\n(.*\n)*every response right\n$`,
		"--rate 2k --arrivals poisson --seed 3":        `\n8 connections, 2,000 requests/s, poisson arrivals, vectors 1, dim 128\n`,
		"--conns 3 --window 4 --replay " + rows:        `\n3 connections x 4 in flight, closed loop, vectors 1 of \S+rows.f32, dim 128\n(.*\n)*every response as before the run\n$`,
		"--rate 2k --vectors 1:3,4:1 --replay " + rows: `vectors 1:3,4:1 of \S+rows.f32, dim 128\n`,
	} {
		status, stdout, stderr := tool(t, words("PORT sustain --warmup 10ms --duration 100ms --server-note noted "+args, port)...)
		settled(t, status, stderr)
		if !regexp.MustCompile(sustainLines).MatchString(stdout) || !regexp.MustCompile(says).MatchString(stdout) {
			t.Errorf("%s: stdout\n%s", args, stdout)
		}
	}
}

// TestFiles writes all files of one run and finds the same requests in each.
func TestFiles(t *testing.T) {
	folder := t.TempDir() + "/"
	args := "PORT sustain --rate 2k --warmup 10ms --duration 100ms --json FOLDERa.json --csv FOLDERa.csv --hdr FOLDERa.hdr --html FOLDERa.html"
	status, _, stderr := tool(t, words(strings.ReplaceAll(args, "FOLDER", folder), serve(t, 128, faults{}))...)
	settled(t, status, stderr)

	r, err := readRun(folder + "a.json")
	if err != nil {
		t.Fatal(err)
	}
	if r.Name != "a" || r.Total.Requests == 0 || r.Total.Valid != (status == 0) || r.Parameters.Rate != 2000 || !strings.HasPrefix(r.Command, "disrust-client ") || len(r.Errors) != 0 {
		t.Errorf("kept is %+v", r)
	}
	requests := int64(0)
	for _, i := range r.Intervals {
		requests += i.Requests
	}
	if requests != r.Total.Requests {
		t.Errorf("%d requests in intervals, %d in all", requests, r.Total.Requests)
	}
	lines, err := csv.NewReader(bytes.NewReader(read(t, folder+"a.csv"))).ReadAll()
	if err != nil || len(lines) != 1+len(r.Intervals) {
		t.Errorf("%d lines of CSV of %d intervals, %v", len(lines), len(r.Intervals), err)
	}
	for tag, want := range map[string]int64{"": r.Total.Latency.Count, result.Uncorrected: r.Total.Service.Count} {
		if got := logged(t, folder+"a.hdr", tag); got != want {
			t.Errorf("tag %q: %d requests in the HdrHistogram log, %d in JSON", tag, got, want)
		}
	}
	if page := string(read(t, folder+"a.html")); !strings.Contains(page, "--rate 2k") || strings.Contains(page, "<script src") {
		t.Errorf("the page is %.300s", page)
	}
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// logged counts the requests under a tag of a HdrHistogram log, or without one.
func logged(t testing.TB, name, tag string) (count int64) {
	t.Helper()
	reader := hdrhistogram.NewHistogramLogReader(bytes.NewReader(read(t, name)))
	for {
		h, err := reader.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			return count
		}
		if h.Tag() == tag {
			count += h.TotalCount()
		}
	}
}

// TestStandardOutput: when a file goes to stdout, nothing else does.
func TestStandardOutput(t *testing.T) {
	port := serve(t, 128, faults{})
	for flag, begins := range map[string]string{"--json": "{\n", "--csv": "start_nanos,", "--hdr": "#[", "--html": "<!doctype html>"} {
		status, stdout, stderr := tool(t, words("PORT sustain --warmup 0s --duration 20ms "+flag+" -", port)...)
		if !strings.HasPrefix(strings.ToLower(stdout), begins) || strings.Contains(stdout, "every response right") ||
			!strings.Contains(stderr, "every response right") || status > 1 {
			t.Errorf("%s: status %d, stderr\n%s\nstdout\n%.200s", flag, status, stderr, stdout)
		}
	}
}

// TestFailedRunIsKept: a failed run is stored with its error and with what was measured before.
func TestFailedRunIsKept(t *testing.T) {
	file := t.TempDir() + "/a.json"
	status, stdout, _ := tool(t, words("PORT sustain --conns 1 --warmup 0s --duration 1h --json "+file, serve(t, 128, faults{close: 200}))...)
	r, err := readRun(file)
	if err != nil {
		t.Fatal(err)
	}
	if status != 1 || r.Total.Requests != 199 || len(r.Errors) != 1 || !strings.Contains(r.Errors[0], "closed after 199 of") || !strings.Contains(stdout, "\nerror: connection 1: closed after 199 of") {
		t.Errorf("status %d, kept are %d requests and %q, stdout\n%s", status, r.Total.Requests, r.Errors, stdout)
	}
}

func TestUnreachableServerIsKept(t *testing.T) {
	file := t.TempDir() + "/a.json"
	status, _, _ := tool(t, "--host", "256.0.0.1", "sustain", "--json", file)
	r, err := readRun(file)
	if status != 1 || err != nil || len(r.Errors) != 1 || !r.Total.Valid {
		t.Errorf("status %d, kept %+v, %v", status, r, err)
	}
}

func TestVerdict(t *testing.T) {
	valid := sample.Total{Interval: sample.Interval{Requests: 1}, Valid: true}
	closed := sample.Total{Interval: sample.Interval{Requests: 1}, Why: "the generator was busy"}
	invalid := sample.Total{Interval: sample.Interval{Requests: 1, Lag: sample.NewHistogram()}, Why: "the generator slept"}
	if err := verdict(closed, nil); err != nil {
		t.Errorf("a closed loop with a busy generator: %v", err)
	}
	for want, err := range map[string]error{
		"":     verdict(valid, nil),
		"lost": verdict(invalid, errors.New("lost")),
		"the run is not valid: the generator slept":                                     verdict(invalid, nil),
		"nothing was measured: the run ended before the first answer after its warm-up": verdict(sample.Total{Valid: true}, nil),
	} {
		if got := ""; err != nil {
			got = err.Error()
			if got != want {
				t.Errorf("%q, want %q", got, want)
			}
		} else if want != "" {
			t.Errorf("no error, want %q", want)
		}
	}
}

func TestUnwritableFile(t *testing.T) {
	port := serve(t, 128, faults{wrong: 1}) // no request arrives
	for _, args := range []string{"sustain --json", "sweep --html", "score " + inFile(t, "a.f32", nil) + " --out"} {
		nowhere := t.TempDir() + "/none/a"
		status, stdout, stderr := tool(t, words("PORT "+args+" "+nowhere, port)...)
		if status != 2 || stdout != "" || !strings.Contains(stderr, "cannot write: "+nowhere+": cannot create a file in its folder: ") {
			t.Errorf("%s: status %d, stderr %q, stdout %q", args, status, stderr, stdout)
		}
	}
}

func TestBadReplay(t *testing.T) {
	for name, says := range map[string]string{
		inFile(t, "a.f32", make([]byte, 513)): "has 513 bytes: 1 rows of 128 float32, and 1 bytes too many",
		inFile(t, "b.f32", nil):               "holds no rows to replay",
		inFile(t, "c.npy", nil):               "is named .npy, but",
		t.TempDir() + "/d":                    "/d: ",
	} {
		status, _, stderr := tool(t, "sustain", "--protocol", "1", "--replay", name)
		if status != 2 || !strings.Contains(stderr, says) {
			t.Errorf("status %d, %q, want %q", status, stderr, says)
		}
	}
}

// interrupting is a writer that ends a context when a certain text is written to it.
type interrupting struct {
	bytes.Buffer
	at        string
	interrupt func()
}

func (w *interrupting) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(w.at)) {
		w.interrupt()
	}
	return w.Buffer.Write(b)
}

func TestInterruptBringsSummary(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stdout, stderr := &interrupting{at: "second", interrupt: cancel}, &bytes.Buffer{}
	begun := time.Now()
	status := run(ctx, []string{serve(t, 128, faults{}), "sustain", "--warmup", "0s", "--duration", "1h"}, stdout, stderr)
	if !strings.Contains(stdout.String(), "\n8 connections x 64 in flight") || time.Since(begun) > time.Hour {
		t.Errorf("status %d, stderr %q, stdout\n%s", status, stderr, stdout)
	}
	if nothing := strings.Contains(stderr.String(), "nothing was measured"); !nothing {
		settled(t, status, stderr.String())
	}
}

// TestNothingMeasured: a run without a response does not say that every response was right.
func TestNothingMeasured(t *testing.T) {
	status, stdout, stderr := tool(t, words("PORT sustain --rate 1 --warmup 0s --duration 1ms", serve(t, 128, faults{}))...)
	if status != 1 || !strings.Contains(stderr, "nothing was measured") || strings.Contains(stdout, "every response") {
		t.Errorf("status %d, stderr %q, stdout\n%s", status, stderr, stdout)
	}
}
