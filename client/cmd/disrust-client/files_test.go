package main

import (
	"bytes"
	"context"
	"errors"
	"html"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
)

// TestOutputsSpareFiles: a command does not overwrite a file that it reads or that is another of
// its outputs.
func TestOutputsSpareFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	rows, _ := rowsAndScores(2, 128)
	if err := os.WriteFile("rows", rows, 0o600); err != nil {
		t.Fatal(err)
	}
	one := stored(t, "one.json", "sustain --duration 20ms")
	kept := read(t, one)
	for args, says := range map[string]string{
		"sustain --replay rows --json ./rows":         "cannot write: ./rows would be destroyed: the same command reads it\n",
		"report " + one + " --html " + one:            "one.json would be destroyed: the same command reads it\n",
		"report " + one + " --html page --csv ./page": "cannot write: ./page is the same file as page\n",
	} {
		status, stdout, stderr := tool(t, words(args, "")...)
		if status != 2 || stdout != "" || !strings.HasSuffix(stderr, says) {
			t.Errorf("%s: status %d, stderr %q, stdout\n%s", args, status, stderr, stdout)
		}
	}
	if !bytes.Equal(read(t, "rows"), rows) || !bytes.Equal(read(t, one), kept) {
		t.Error("what was read is not what it was")
	}
}

// TestFilesOfFailedRun: each file has what was measured before the run failed, and says what
// failed.
func TestFilesOfFailedRun(t *testing.T) {
	const says = "closed after 199 of "
	for args, lines := range map[string]int{
		"sustain --conns 1 --warmup 0s --duration 1h":                         1,
		"sustain --conns 1 --warmup 0s --duration 1h --rate 10k":              1,
		"sweep --conns 1..4 --warmup 0s --step 1h":                            1,
		"sustain --conns 1 --warmup 1h --duration 1h":                         0,
		"sustain --conns 1 --warmup 0s --duration 1h --host 256.0.0.1":        0,
		"sweep --rate 10k..20k --conns 1 --warmup 0s --step 1h --slo p100=1m": 1,
	} {
		t.Chdir(t.TempDir())
		status, _, stderr := tool(t, words("PORT "+args+" --json a.json --csv a.csv --hdr a.hdr --html a.html", serve(t, 128, faults{close: 200}))...)
		cause := says
		if strings.Contains(args, "--host") {
			cause = "cannot reach 256.0.0.1:"
		}
		r, err := readRun("a.json")
		if err != nil || status != 1 || len(r.Errors) != 1 || !strings.Contains(r.Errors[0], cause) || !strings.HasSuffix(stderr, r.Errors[0]+"\n") {
			t.Errorf("%s: status %d, stderr %q, kept %q, %v", args, status, stderr, r.Errors, err)
			continue
		}
		rows := strings.Split(strings.TrimSuffix(string(read(t, "a.csv")), "\n"), "\n")
		if len(rows) != 1+lines+1 || !strings.Contains(rows[len(rows)-1], cause) {
			t.Errorf("%s: CSV is\n%s", args, strings.Join(rows, "\n"))
		}
		if log := string(read(t, "a.hdr")); !strings.Contains(log, "\n#[error: ") || !strings.Contains(log, cause) || strings.Contains(log, ",HISTF") != (lines > 0) {
			t.Errorf("%s: the log is\n%s", args, log)
		}
		if page := string(read(t, "a.html")); !strings.Contains(page, `<p class="warning">`+html.EscapeString(r.Errors[0])) {
			t.Errorf("%s: the page has no warning", args)
		}
	}
}

// TestFilesOfEndedProcess: until the run is over, older files are unchanged and new files do not
// exist.
func TestFilesOfEndedProcess(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("old.json", []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stdout := &interrupting{at: "second", interrupt: func() {
		if entries, err := os.ReadDir("."); err != nil || len(entries) != 1 || string(read(t, "old.json")) != "old" {
			t.Errorf("the folder has %v, %v", entries, err)
		}
		cancel()
	}}
	run(ctx, words("PORT sustain --warmup 0s --duration 1h --json old.json --html new.html", serve(t, 128, faults{})), stdout, io.Discard)
	if _, err := readRun("old.json"); err != nil || len(read(t, "new.html")) == 0 {
		t.Errorf("afterwards: %v", err)
	}
}

// TestNoHalfFile: a file that cannot be written whole stays as it was, and so does the file of a
// command that ends before it writes.
func TestNoHalfFile(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("old", []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	fails := func(w io.Writer, _ ...*result.Run) error {
		io.WriteString(w, "half")
		return errors.New("no space")
	}
	f := files{}
	for _, name := range []string{"old", "new"} {
		if err := f.add(name, fails); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.write(); err == nil || err.Error() != "cannot write old: no space; cannot write new: no space" {
		t.Errorf("got %v", err)
	}
	if status, _, _ := tool(t, "sustain", "--html", "b", "--json", "none/c"); status != 2 {
		t.Errorf("status %d", status)
	}
	if entries, err := os.ReadDir("."); err != nil || len(entries) != 1 || string(read(t, "old")) != "old" {
		t.Errorf("left are %v, %v", entries, err)
	}
}

// TestScoresOutliveNoServer: if no server answers, older scores stay.
func TestScoresOutliveNoServer(t *testing.T) {
	rows, scores := rowsAndScores(2, 128)
	out := inFile(t, "scores", scores)
	status, _, stderr := tool(t, "--host", "256.0.0.1", "score", inFile(t, "rows", rows), "--out", out)
	if status != 1 || !strings.Contains(stderr, "cannot reach") || !bytes.Equal(read(t, out), scores) {
		t.Errorf("status %d, stderr %q, %d bytes of scores left", status, stderr, len(read(t, out)))
	}
}

// full is a writer to which nothing can be written.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

// TestTextIsResult: it is an error when the text for people cannot be written.
func TestTextIsResult(t *testing.T) {
	one := stored(t, "one.json", "sustain --duration 20ms")
	for _, args := range []string{
		"--help", "PORT smoke", "PORT pipeline", "PORT bench 1 100", "PORT sustain --warmup 0s --duration 20ms",
		"PORT sweep --conns 1..2 --warmup 0s --step 20ms --slo p50=1m", "report " + one,
	} {
		var stderr bytes.Buffer
		status := run(t.Context(), words(args, serve(t, 128, faults{})), full{}, &stderr)
		if said := stderr.String(); status != 1 || !strings.HasSuffix(said, "no space\n") {
			t.Errorf("%s: status %d, stderr %q", args, status, said)
		}
	}
}

// TestFilesOfNothing: the files of a run without a single answer say so.
func TestFilesOfNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	status, _, _ := tool(t, words("PORT sustain --rate 1 --warmup 0s --duration 1ms --json a.json", serve(t, 128, faults{}))...)
	if r, err := readRun("a.json"); err != nil || status != 1 || len(r.Errors) != 1 || !strings.HasPrefix(r.Errors[0], "nothing was measured") {
		t.Errorf("status %d, %v, %+v", status, err, r)
	}
}

// TestCleanText: what a file says cannot command the terminal.
func TestCleanText(t *testing.T) {
	t.Chdir(t.TempDir())
	r, err := readRun(stored(t, "one.json", "sustain --duration 20ms"))
	if err != nil {
		t.Fatal(err)
	}
	const evil, shown = "\x1b[2J\u009b1m\u202e\u2028", `\x1b[2J\u009b1m\u202e\u2028`
	r.Server.Note, r.Command, r.Errors, r.Total.Valid, r.Total.Why = evil, evil, []string{evil}, false, evil
	for _, name := range []string{"a.json", "b.json"} {
		var content bytes.Buffer
		if err := r.WriteJSON(&content); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	status, stdout, stderr := tool(t, "report", "a.json", "b.json")
	if status != 0 || strings.ContainsAny(stdout, "\x1b\u009b\u202e\u2028") || strings.Count(stdout, shown) != 2*4 {
		t.Errorf("status %d, stderr %q, stdout %q", status, stderr, stdout)
	}
	if _, _, stderr := tool(t, "report", "none"+evil); !strings.Contains(stderr, "none"+shown) || strings.Contains(stderr, "\x1b") {
		t.Errorf("stderr %q", stderr)
	}
}
