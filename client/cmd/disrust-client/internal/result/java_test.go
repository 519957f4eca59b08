//go:build java

package result

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// java runs a class of the HdrHistogram library, whose jar HDRHISTOGRAM_JAR names, and returns
// what it prints.
func java(t *testing.T, args ...string) string {
	t.Helper()
	jar := os.Getenv("HDRHISTOGRAM_JAR")
	if jar == "" {
		t.Fatal("HDRHISTOGRAM_JAR must name the jar of org.hdrhistogram:HdrHistogram")
	}
	output, err := exec.Command("java", append([]string{"-cp", jar}, args...)...).Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("java %s: %v: %s", strings.Join(args, " "), err, exit.Stderr)
		}
		t.Fatal(err)
	}
	return string(output)
}

// nasty holds what ends a line for some reader, or begins a line of another kind.
const nasty = "\n#[BaseTime: 7\r#[StartTime: 7\u2028Tag=a,1,1,1,HISTF\u2029\u0085,\x1b[2J größe"

// TestJavaReads: Java's reader finds every interval of a log with its figures, and Java's tool
// shows a log's latency without being told a tag.
func TestJavaReads(t *testing.T) {
	for name, r := range map[string]*Run{"open": openLoop(t), "closed": closedLoop(t), "sweep": sweep(t)} {
		r.Command += nasty
		r.Errors = []string{nasty}
		var log bytes.Buffer
		if err := r.WriteHDR(&log); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "run.hlog")
		if err := os.WriteFile(file, log.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		want, total := intervals(t, r)
		if got := java(t, "testdata/ReadLog.java", file); got != want {
			t.Errorf("%s: Java reads\n%swant\n%s", name, got, want)
		}
		summary := java(t, "org.HdrHistogram.HistogramLogProcessor", "-i", file)
		if !strings.Contains(summary, fmt.Sprintf("Total count    = %12d]", total)) {
			t.Errorf("%s: Java's tool shows\n%swant %d values", name, summary, total)
		}
	}
}

// intervals returns the lines that ReadLog.java prints for r, and the sum of the counts in the
// lines without a tag.
func intervals(t *testing.T, r *Run) (lines string, total int64) {
	line := func(tag string, start, end int64, d *Distribution) {
		h, err := d.Histogram.Decode()
		if err != nil {
			t.Fatal(err)
		}
		lines += fmt.Sprintf("%s %d %d %d %d %d %d\n", tag, start, end,
			h.TotalCount(), h.ValueAtPercentile(50), h.ValueAtPercentile(99.9), h.Max())
	}
	zero, list := r.Started.Add(r.Parameters.Warmup), r.Intervals
	if r.Sweep != nil {
		zero, list = r.Started, nil
		for _, step := range r.Sweep.Steps {
			i := step.Total.Interval
			i.Start = step.Start
			list = append(list, i)
		}
	}
	for _, i := range list {
		start := zero.Add(i.Start)
		end := start.Add(i.Length)
		line("null", start.UnixMilli(), end.UnixMilli(), i.Latency)
		total += i.Latency.Count
		if i.Service != nil {
			line(Uncorrected, start.UnixMilli(), end.UnixMilli(), i.Service)
		}
	}
	return lines, total
}
