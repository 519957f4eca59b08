package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var sweepRow = regexp.MustCompile(`(?m)^ +([\d,]+|-) +(\d+) +[\d,]+ .*  (kept|missed|not valid: .*)$`)

// TestSweepConns: if every step keeps the bound, the sweep tries all doublings.
func TestSweepConns(t *testing.T) {
	file := t.TempDir() + "/s.json"
	status, stdout, stderr := tool(t, words("PORT sweep --conns 1..6 --window 1 --slo p100=1m --warmup 0s --step 20ms --json "+file, serve(t, 128, faults{}))...)
	settled(t, status, stderr)
	var tried []int
	for _, row := range sweepRow.FindAllStringSubmatch(stdout, -1) {
		conns, _ := strconv.Atoi(row[2])
		tried = append(tried, conns)
		if row[1] != "-" {
			t.Errorf("a rate was asked: %q", row)
		}
	}
	if status == 0 && !strings.Contains(stdout, "not valid") && !slices.Equal(tried, []int{1, 2, 4, 6}) {
		t.Errorf("tried %v", tried)
	}
	if !strings.HasPrefix(stdout, "127.0.0.1:") || !strings.Contains(stdout, "\nknee: ") {
		t.Errorf("stdout\n%s", stdout)
	}
	r, err := readRun(file)
	if err != nil {
		t.Fatal(err)
	}
	if r.Sweep.Varied != "conns" || len(r.Sweep.Steps) != len(tried) || r.Parameters.Conns != 0 || r.Parameters.Window != 1 || r.Sweep.Steps[0].Total.Requests == 0 {
		t.Errorf("kept is %+v", r)
	}
}

// TestSweepMissed: a first step that misses the bound does not end the sweep, which shows how
// latency grows. Each step that misses runs twice.
func TestSweepMissed(t *testing.T) {
	for _, load := range []string{"--rate 1k..4k", "--conns 1..4 --window 1"} {
		status, stdout, stderr := tool(t, words("PORT sweep --slo p50=1ns --warmup 0s --step 50ms "+load, serve(t, 128, faults{}))...)
		var asked []string
		for _, row := range sweepRow.FindAllStringSubmatch(stdout, -1) {
			asked = append(asked, row[1]+" "+row[2])
		}
		if status != 1 || stderr != "disrust-client: sweep: no step kept the bound\n" || !strings.Contains(stdout, "\nknee: no step kept p50 <= 1ns") {
			t.Errorf("%s: status %d, stderr %q, stdout\n%s", load, status, stderr, stdout)
		}
		if len(asked) < 4 || asked[0] != asked[1] || asked[1] == asked[2] || asked[2] != asked[3] {
			t.Errorf("%s: asked %v", load, asked)
		}
	}
}

func TestSweepRate(t *testing.T) {
	status, stdout, stderr := tool(t, words("PORT sweep --rate 500..1k --conns 2 --slo p100=1m --warmup 0s --step 50ms", serve(t, 128, faults{}))...)
	settled(t, status, stderr)
	if rows := sweepRow.FindAllStringSubmatch(stdout, -1); len(rows) < 2 || rows[0][1] != "500" || rows[0][2] != "2" {
		t.Errorf("rows %q of\n%s", rows, stdout)
	}
}

func TestInterruptedSweep(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stdout, stderr := &interrupting{at: "asked/s", interrupt: cancel}, &bytes.Buffer{}
	file := t.TempDir() + "/s.json"
	status := run(ctx, []string{serve(t, 128, faults{}), "sweep", "--step", "1h", "--json", file}, stdout, stderr)
	if status != 1 || !strings.HasSuffix(stdout.String(), "; interrupted before the search was over\n") {
		t.Errorf("status %d, stderr %q, stdout\n%s", status, stderr, stdout)
	}
	if r, err := readRun(file); err != nil || !r.Sweep.Interrupted || len(r.Sweep.Steps) != 0 {
		t.Errorf("kept is %+v, %v", r, err)
	}
}

// stored runs the tool with --json and returns the file.
func stored(t *testing.T, name, args string) string {
	t.Helper()
	file := t.TempDir() + "/" + name
	status, _, stderr := tool(t, words("PORT "+args+" --warmup 0s --json "+file, serve(t, 128, faults{}))...)
	settled(t, status, stderr)
	return file
}

func TestReport(t *testing.T) {
	one, other := stored(t, "one.json", "sustain --duration 20ms"), stored(t, "other.json", "sweep --step 20ms --conns 1..2 --slo p100=1m")
	status, stdout, stderr := tool(t, "report", one)
	if status != 0 || stderr != "" || !strings.HasPrefix(stdout, "127.0.0.1:") || !strings.Contains(stdout, "\n  p50 ") {
		t.Errorf("one: status %d, stderr %q, stdout\n%s", status, stderr, stdout)
	}
	status, stdout, stderr = tool(t, "report", one, other)
	if status != 0 || stderr != "" || !strings.HasPrefix(stdout, "one: disrust-client ") || !strings.Contains(stdout, "\nother: disrust-client ") || !strings.Contains(stdout, "\nknee: ") {
		t.Errorf("both: status %d, stderr %q, stdout\n%s", status, stderr, stdout)
	}
	page := t.TempDir() + "/p.html"
	status, stdout, stderr = tool(t, "report", one, other, "--csv", "-", "--html", page)
	if status != 0 || stderr != "" || !strings.Contains(stdout, ",one\n") || !strings.Contains(stdout, ",other\n") || strings.Contains(stdout, "p50 ") {
		t.Errorf("files: status %d, stderr %q, stdout\n%s", status, stderr, stdout)
	}
	if text := string(read(t, page)); !strings.Contains(text, "2 runs compared") {
		t.Errorf("the page is %.300s", text)
	}
}

func TestBadReport(t *testing.T) {
	for name, says := range map[string]string{
		inFile(t, "a.json", []byte("{}")): "a.json is no run of disrust-client: format_version is missing",
		t.TempDir() + "/none":             "none: ",
	} {
		status, stdout, stderr := tool(t, "report", name)
		if status != 2 || stdout != "" || !strings.Contains(stderr, says) {
			t.Errorf("status %d, stdout %q, stderr %q, want %q", status, stdout, stderr, says)
		}
	}
}

// TestFullDisk: the error names what cannot be written, beside any other error.
func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		return // no such device on this system
	}
	one := stored(t, "one.json", "sustain --duration 20ms")
	status, _, stderr := tool(t, "report", one, "--csv", "/dev/full")
	if status != 1 || stderr != "disrust-client: report: cannot write /dev/full: write /dev/full: no space left on device\n" {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
	status, _, stderr = tool(t, words("PORT sustain --conns 1 --warmup 0s --csv /dev/full", serve(t, 128, faults{close: 5}))...)
	if status != 1 || !regexp.MustCompile(`closed after 4 of \d+ responses.*; cannot write /dev/full: .*\n$`).MatchString(stderr) {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
}

// TestInterruptedSweepIsWrong: a wrong answer counts even if it arrives after the sweep was
// interrupted.
func TestInterruptedSweepIsWrong(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var server sync.WaitGroup
	defer server.Wait()
	server.Go(func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		io.ReadFull(conn, make([]byte, 1))
		cancel()
		io.WriteString(conn, "wrong")
		io.Copy(io.Discard, conn)
	})
	var stdout, stderr bytes.Buffer
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	status := run(ctx, words("PORT sweep --protocol 1 --conns 1..2 --warmup 0s --step 1h", port), &stdout, &stderr)
	if status != 1 || !strings.Contains(stderr.String(), "connection 1: answered wrongly: ") {
		t.Errorf("status %d, stderr %q, stdout\n%s", status, stderr.String(), stdout.String())
	}
}

// TestReportTellsApart: the report distinguishes two files that have the same name in two
// folders.
func TestReportTellsApart(t *testing.T) {
	one, other := stored(t, "run.json", "sustain --duration 20ms"), stored(t, "run.json", "sustain --duration 20ms")
	status, stdout, stderr := tool(t, "report", "--csv", "-", one, other)
	if status != 0 || !strings.Contains(stdout, ","+one+"\n") || !strings.Contains(stdout, ","+other+"\n") {
		t.Errorf("status %d, stderr %q, stdout\n%s", status, stderr, stdout)
	}
}
