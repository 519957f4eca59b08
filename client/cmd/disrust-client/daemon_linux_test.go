package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/tools/progress"
	"github.com/disrust/disrust/client/tools/rowfile"
	"github.com/disrust/disrust/server/daemontest"
)

// asTool, as an environment variable, makes the test's own binary the tool: TestMain runs main.
const asTool = "DISRUST_CLIENT_AS_TOOL"

// built is the path of the daemon.
var built string

func TestMain(m *testing.M) {
	if os.Getenv(asTool) != "" {
		main()
	}
	os.Exit(daemontest.Main(m, &built))
}

// disrust runs the daemon on any port until the test ends.
func disrust(t *testing.T, flags ...string) *daemontest.Daemon {
	t.Helper()
	if !slices.Contains(flags, "--listen") {
		flags = append(flags, "--port", "0")
	}
	return daemontest.Start(t, append([]string{built}, flags...)...)
}

func TestDaemonChecks(t *testing.T) {
	d := disrust(t)
	for args, says := range map[string]string{
		"PORT":                `^smoke: model "sum", dim 128, outputs 1, kind raw, max_vectors 64, identity 000000000000 \(built in\)\nsmoke: 4 requests, 130 vectors, every response right\n$`,
		"PORT pipeline":       `^pipeline: 1000 requests, \d+ vectors, every response right\n$`,
		"PORT bench 8 100000": `^bench: 100000 requests on 8 connections in .* requests/s, every response right`,
		"PORT bench 2 100 --vectors 1:70,8:25,64:5 --window 5": `^bench: 100 requests on 2 connections`,
	} {
		status, stdout, stderr := tool(t, words(args, d.Port())...)
		if status != 0 || stderr != "" || !regexp.MustCompile(says).MatchString(stdout) {
			t.Errorf("%s: status %d, stderr %q, stdout %q", args, status, stderr, stdout)
		}
	}
}

// TestDaemonOnUnixSocket: every command reaches a daemon on a Unix socket, and the results name
// the socket.
func TestDaemonOnUnixSocket(t *testing.T) {
	dir := t.TempDir()
	addr := "unix:" + dir + "/s"
	disrust(t, "--listen", "127.0.0.1:0", "--listen", addr)
	rows, scores := rowsAndScores(1000, 128)
	for args, says := range map[string]string{
		"smoke":        `\nsmoke: 4 requests`,
		"pipeline":     `^pipeline: 1000 requests`,
		"bench 2 1000": `^bench: 1000 requests on 2 connections`,
		"sustain --warmup 0s --duration 50ms --json " + dir + "/a.json":                     regexp.QuoteMeta(addr) + `, on this machine`,
		"sweep --conns 1..2 --warmup 0s --step 50ms --slo p99=1m --html " + dir + "/a.html": regexp.QuoteMeta(addr),
		"sustain --rate 1k --warmup 0s --duration 50ms --csv " + dir + "/a.csv":             `every response`,
	} {
		status, stdout, stderr := tool(t, strings.Fields("--addr "+addr+" "+args)...)
		settled(t, status, stderr)
		if !regexp.MustCompile(says).MatchString(stdout) {
			t.Errorf("%s: status %d, stderr %q, stdout %q", args, status, stderr, stdout)
		}
	}
	if _, stdout, stderr := tool(t, "--addr", addr, "score", inFile(t, "a.f32", rows)); stdout != string(scores) || stderr != "" {
		t.Errorf("score: stderr %q, %d scores", stderr, len(stdout)/4)
	}
	r, err := readRun(dir + "/a.json")
	if err != nil || r.Server.Address != addr || r.Parameters.Address != addr || !r.Server.ThisMachine {
		t.Errorf("kept is %+v, %v", r, err)
	}
	if page := read(t, dir+"/a.html"); !bytes.Contains(page, []byte(addr)) {
		t.Error("the page does not name the server")
	}
	if status, _, stderr := tool(t, "--addr", addr+"none", "smoke"); status != 1 || stderr != "disrust-client: smoke: cannot reach "+addr+"none: connect: no such file or directory\n" {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
}

func TestDaemonOfOtherFormat(t *testing.T) {
	d := disrust(t, "--dim", "7", "--max-vectors", "3")
	for _, args := range []string{"smoke", "pipeline", "bench 2 1000 --vectors 3", "sustain --warmup 0s --duration 20ms --vectors 2:1,3:1"} {
		for _, format := range []string{"", "--dim 7 --max-vectors 3 --protocol 1 "} {
			status, _, stderr := tool(t, words("PORT "+format+args, d.Port())...)
			settled(t, status, stderr)
		}
	}
	if status, _, stderr := tool(t, words("PORT --protocol 1 smoke", d.Port())...); status != 1 || !regexp.MustCompile(`the server does not serve sum, or not with --dim 128`).MatchString(stderr) {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
}

// TestDaemonSustain runs an open and a closed loop with all their flags, and compares each file
// with the summary.
func TestDaemonSustain(t *testing.T) {
	d, dir := disrust(t), t.TempDir()
	rows, _ := rowsAndScores(100, 128)
	raw, npy := inFile(t, "rows.f32", rows), inFile(t, "rows.npy", npyRows(rows, 128))
	for _, args := range []string{
		"--conns 3 --window 16",
		"--conns 1 --window 2 --vectors 1:70,8:25,64:5 --seed 9",
		"--rate 5k",
		"--rate 5k --arrivals poisson --conns 3 --vectors 1:70,8:25,64:5",
		"--conns 2 --vectors 7 --replay " + raw,
		"--rate 5k --vectors 7 --replay " + npy,
	} {
		files := fmt.Sprintf("--json %s/a.json --csv %[1]s/a.csv --hdr %[1]s/a.hdr --html %[1]s/a.html", dir)
		status, stdout, stderr := tool(t, words("PORT sustain --warmup 10ms --duration 200ms --server-note noted "+args+" "+files, d.Port())...)
		settled(t, status, stderr)
		r, err := readRun(dir + "/a.json")
		if err != nil {
			t.Fatal(err)
		}
		if r.Total.Requests == 0 || r.Server.Note != "noted" || r.Server.Model == nil || r.Server.Model.Name != "sum" || len(r.Errors) != 0 || !strings.Contains(stdout, "\nevery response ") {
			t.Errorf("%s: kept is %+v, stdout\n%s", args, r, stdout)
		}
		open := strings.Contains(args, "--rate")
		if got := logged(t, dir+"/a.hdr", ""); got != r.Total.Requests || (r.Total.Service != nil) != open || (r.Total.Lag != nil) != open {
			t.Errorf("%s: %d of %d requests logged, service %v, lag %v", args, got, r.Total.Requests, r.Total.Service, r.Total.Lag)
		}
		if page, lines := read(t, dir+"/a.html"), bytes.Count(read(t, dir+"/a.csv"), []byte("\n")); !bytes.Contains(page, []byte("noted")) || !bytes.Contains(page, []byte("dim 128, outputs 1, kind raw")) || lines != 1+len(r.Intervals) {
			t.Errorf("%s: page of %d bytes, %d lines of CSV", args, len(page), lines)
		}
	}
}

func TestDaemonSweep(t *testing.T) {
	d, dir := disrust(t), t.TempDir()
	var files []string
	for _, args := range []string{"--rate 1k..4k --conns 2 --slo p50=1m", "--conns 1..4 --slo p99=1m --window 4", "--rate 1k..2k --slo p50=1ns"} {
		files = append(files, fmt.Sprintf("%s/%d.json", dir, len(files)))
		status, stdout, stderr := tool(t, words("PORT sweep --warmup 0s --step 50ms "+args+" --json "+files[len(files)-1], d.Port())...)
		settled(t, status, stderr)
		if !strings.Contains(stdout, "\nknee: ") || sweepRow.FindString(stdout) == "" {
			t.Errorf("%s: stdout\n%s", args, stdout)
		}
	}
	status, _, stderr := tool(t, append([]string{"report", "--html", dir + "/r.html"}, files...)...)
	if page := read(t, dir+"/r.html"); status != 0 || stderr != "" || !bytes.Contains(page, []byte("3 runs compared")) {
		t.Errorf("status %d, stderr %q, page of %d bytes", status, stderr, len(page))
	}
}

func TestDaemonScore(t *testing.T) {
	d := disrust(t)
	rows, scores := rowsAndScores(50_000, 128) // 24 MiB: the ring of calls wraps several times
	status, stdout, stderr := tool(t, words("PORT score --conns 3 "+inFile(t, "a.f32", rows), d.Port())...)
	if status != 0 || stderr != "" || stdout != string(scores) {
		t.Errorf("raw: status %d, stderr %q, %d scores", status, stderr, len(stdout)/4)
	}
	status, stdout, stderr = tool(t, words("PORT score "+inFile(t, "a.npy", npyRows(rows, 128)), d.Port())...)
	if want := append(rowfile.AppendHeader(nil, 50_000, 1), scores...); status != 0 || stderr != "" || stdout != string(want) {
		t.Errorf("npy: status %d, stderr %q, %d bytes", status, stderr, len(stdout))
	}
}

// TestDaemonKilledScoring: when the daemon is killed in the middle, the error says how many rows
// were scored.
func TestDaemonKilledScoring(t *testing.T) {
	d := disrust(t)
	rows, scores := rowsAndScores(60_000, 128)
	o, err := parseOptions(words("PORT score --conns 1 "+inFile(t, "a.f32", rows), d.Port()))
	if err != nil {
		t.Fatal(err)
	}
	if err := o.agree(t.Context()); err != nil {
		t.Fatal(err)
	}
	in, err := rowfile.Open(o.files[0], o.format.Dim)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	c, err := o.dial(t.Context(), o.client(1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s := o.newScoring(t.Context(), c, in, &interrupting{at: string(scores[:8]), interrupt: d.Kill}, progress.NewCounter(io.Discard, false, in.Rows, "rows"))
	err = s.run()
	counts := fmt.Sprintf("; %d of 60000 rows were scored, and nothing is written", s.scored)
	if err == nil || !strings.HasSuffix(err.Error(), counts) || s.scored == 0 {
		t.Errorf("got %v, want %q", err, counts)
	}
}

// TestDaemonKilled kills the daemon under each kind of load. The error has the counts.
func TestDaemonKilled(t *testing.T) {
	for args, says := range map[string]string{
		"sustain --warmup 0s --duration 1h":           `^disrust-client: sustain: connection \d: closed after \d+ of \d+ responses?.*; of \d+ requests in all \d+ answered rightly, 0 wrongly, \d+ not`,
		"sustain --warmup 0s --duration 1h --rate 1k": `^disrust-client: sustain: connection \d: closed (after \d+ of \d+|before its next request, after \d+) responses?`,
	} {
		d := disrust(t)
		stdout, stderr := &interrupting{at: "second", interrupt: d.Kill}, &bytes.Buffer{}
		if status := run(t.Context(), words("PORT "+args, d.Port()), stdout, stderr); status != 1 || !regexp.MustCompile(says).Match(stderr.Bytes()) {
			t.Errorf("%s: status %d, stderr %q", args, status, stderr)
		}
	}
}

// restarting is a writer for the lines of a run that reconnects. After the first it restarts the
// server; when conns connections are remade, it ends the run.
type restarting struct {
	bytes.Buffer
	restart, end func()
	conns        int
	remade       int
}

var errorColumns = regexp.MustCompile(`^ +[\d.]+ +\d+ .* (\d+) +(\d+) +(\d+)\n$`)

func (w *restarting) Write(b []byte) (int, error) {
	w.Buffer.Write(b)
	lines := strings.SplitAfter(w.String(), "\n")
	if len(lines) < 3 { // the head, a line, and what follows it
		return len(b), nil
	}
	if w.restart != nil {
		w.restart()
		w.restart = nil
	}
	w.remade = 0
	for _, line := range lines {
		if columns := errorColumns.FindStringSubmatch(line); columns != nil {
			remade, _ := strconv.Atoi(columns[3])
			w.remade += remade
		}
	}
	if w.remade >= w.conns {
		w.end()
	}
	return len(b), nil
}

// TestDaemonRestarted kills the daemon under load and starts another at its address. The run
// goes on with it and counts what was lost, in text and files. A connection that the kernel
// still accepts for the killed daemon is lost too.
func TestDaemonRestarted(t *testing.T) {
	for _, load := range []string{"--conns 4", "--conns 4 --rate 2k"} {
		dir := t.TempDir()
		addr := "unix:" + dir + "/s"
		d := disrust(t, "--listen", addr)
		restart := func() {
			d.Kill()
			disrust(t, "--listen", addr)
		}
		ctx, end := context.WithCancel(t.Context())
		stdout, stderr := &restarting{restart: restart, end: end, conns: 4}, &bytes.Buffer{}
		files := fmt.Sprintf(" --json %s/a.json --csv %[1]s/a.csv --html %[1]s/a.html", dir)
		status := run(ctx, strings.Fields("--addr "+addr+" sustain --reconnect --warmup 0s --duration 1h "+load+files), stdout, stderr)
		settled(t, status, stderr.String())
		says := `\nerrors: [\d,]+ requests without an answer; [4-9] connections lost, [4-9] remade; the first: connection \d: closed (.*\n)+every response right\n$`
		if !regexp.MustCompile(says).MatchString(stdout.String()) {
			t.Errorf("%s: stdout\n%s", load, stdout.String())
		}
		r, err := readRun(dir + "/a.json")
		if err != nil {
			t.Fatal(err)
		}
		if e, first := *r.Total.Errors, *r.Intervals[0].Errors; e.Lost < 4 || e.Reconnects < 4 || !r.Parameters.Reconnect || first != (result.Errors{}) {
			t.Errorf("%s: kept are %+v, first %+v", load, e, first)
		}
		if head := read(t, dir+"/a.csv"); !bytes.Contains(head, []byte(",errors_requests,errors_lost_connections,errors_reconnects,error\n")) {
			t.Errorf("%s: no errors in CSV", load)
		}
		if page := read(t, dir+"/a.html"); !bytes.Contains(page, []byte(" remade; the first: connection ")) {
			t.Errorf("%s: no errors in the page", load)
		}
	}
}

// TestDaemonGoesAway drains the daemon under load. A run ends with a sentence, and all that it
// sent is answered. A run that reconnects goes on with the next daemon and loses nothing.
func TestDaemonGoesAway(t *testing.T) {
	for _, load := range []string{"--conns 4", "--conns 4 --rate 2k"} {
		addr := "unix:" + t.TempDir() + "/s"
		d := disrust(t, "--listen", addr)
		stdout, stderr := &interrupting{at: "     1.0 ", interrupt: d.Terminate}, &bytes.Buffer{}
		status := run(t.Context(), strings.Fields("--addr "+addr+" sustain --warmup 0s --duration 1h "+load), stdout, stderr)
		says := `^disrust-client: sustain: the server is going away; of (\d+) requests in all (\d+) answered rightly, 0 wrongly, 0 not\n$`
		if counts := regexp.MustCompile(says).FindStringSubmatch(stderr.String()); status != 1 || counts == nil || counts[1] != counts[2] {
			t.Errorf("%s: status %d, stderr %q", load, status, stderr)
		}

		d = disrust(t, "--listen", addr)
		restart := func() {
			d.Terminate()
			disrust(t, "--listen", addr)
		}
		ctx, end := context.WithCancel(t.Context())
		restarted := &restarting{restart: restart, end: end, conns: 4}
		stderr = &bytes.Buffer{}
		status = run(ctx, strings.Fields("--addr "+addr+" sustain --reconnect --warmup 0s --duration 1h "+load), restarted, stderr)
		settled(t, status, stderr.String())
		if says := `\nerrors: 0 requests without an answer; 0 connections lost, [4-9] remade\n`; !regexp.MustCompile(says).MatchString(restarted.String()) {
			t.Errorf("%s: stdout\n%s", load, restarted)
		}
	}
}

// startTool starts a command that runs the tool as a process of its own, in a new folder.
func startTool(t *testing.T, command ...string) (p *daemontest.Process, dir string) {
	t.Helper()
	self := exec.Command(command[0], command[1:]...)
	self.Dir = t.TempDir()
	self.Env = append(os.Environ(), asTool+"=yes")
	p, err := daemontest.StartProcess(self)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p, self.Dir
}

// TestSignalEndsInOrder: the signals that end a process end a run with its summary and its files.
func TestSignalEndsInOrder(t *testing.T) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // a process inherits that a signal is ignored, but not that it is caught
	defer signal.Stop(hangups)
	port := disrust(t).Port()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		p, dir := startTool(t, os.Args[0], "--port", port, "sustain", "--warmup", "0s", "--duration", "1h", "--json", "a.json")
		if err := p.AwaitReady(func() bool { return strings.Contains(p.Stdout.String(), "     1.0 ") }); err != nil {
			t.Fatal(err)
		}
		if err := p.Signal(sig); err != nil {
			t.Fatal(err)
		}
		status := p.Status(t)
		if r, err := readRun(dir + "/a.json"); status != 0 || err != nil || r.Total.Requests == 0 {
			t.Errorf("%v: status %d, stderr %q, %v", sig, status, &p.Stderr, err)
		}
	}
}

// TestOutlivesItsTerminal: a run that nohup started does not end with the terminal.
func TestOutlivesItsTerminal(t *testing.T) {
	p, _ := startTool(t, "nohup", os.Args[0], "--port", disrust(t).Port(), "sustain", "--warmup", "0s", "--duration", "1h")
	second := func(n string) func() bool {
		return func() bool { return strings.Contains(p.Stdout.String(), "     "+n+" ") }
	}
	rightly := errors.Join(p.AwaitReady(second("1.0")), p.Signal(syscall.SIGHUP), p.AwaitReady(second("3.0")), p.Signal(syscall.SIGTERM))
	if status := p.Status(t); rightly != nil || status != 0 {
		t.Errorf("status %d, stderr %q, %v", status, &p.Stderr, rightly)
	}
}

// TestSecondInterruptEndsAtOnce: a second interrupt ends a run that waits for a stopped daemon,
// and leaves no file.
func TestSecondInterruptEndsAtOnce(t *testing.T) {
	d := disrust(t)
	p, dir := startTool(t, os.Args[0], "--port", d.Port(), "sustain", "--warmup", "0s", "--duration", "1h", "--json", "a.json")
	if err := p.AwaitReady(func() bool { return strings.Contains(p.Stdout.String(), "second") }); err != nil {
		t.Fatal(err)
	}
	if err := d.Suspend(); err != nil {
		t.Fatal(err)
	}
	interrupts := 0
	for ; !p.HasEnded(); interrupts++ {
		_ = p.Signal(syscall.SIGINT) // it may have ended
	}
	// A signal ends the tool, at times not SIGINT: Go's runtime may die of another signal
	// when many arrive at once.
	if p.ExitCode() != -1 || interrupts < 2 {
		t.Errorf("after %d interrupts: status %d", interrupts, p.ExitCode())
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left are %v, %v", entries, err)
	}
}

// TestPipedTool: without a terminal the output has no escape codes, and stderr has only errors.
func TestPipedTool(t *testing.T) {
	d := disrust(t)
	for _, args := range []string{"sustain --warmup 0s --duration 50ms", "sweep --conns 1..2 --warmup 0s --step 50ms --slo p99=1m", "score " + inFile(t, "a.f32", make([]byte, 512))} {
		self := exec.Command(os.Args[0], words("PORT "+args, d.Port())...)
		self.Env = append(os.Environ(), asTool+"=yes")
		stdout, stderr, status := daemontest.RunCommandToEnd(t, self)
		settled(t, status, stderr)
		if strings.ContainsAny(stdout+stderr, "\x1b\r") {
			t.Errorf("%s: stdout %q, stderr %q", args, stdout, stderr)
		}
	}
}
