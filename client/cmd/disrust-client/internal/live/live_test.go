package live

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/client/tools/progress"
)

func second(t *testing.T, at time.Duration, nanos ...int64) sample.Interval {
	t.Helper()
	h := sample.NewHistogram()
	for _, n := range nanos {
		if err := h.RecordValue(n); err != nil {
			t.Fatal(err)
		}
	}
	return sample.Interval{At: at, Length: time.Second, Requests: int64(len(nanos)), Latency: h}
}

// show runs a View over the first two of four seconds.
func show(t *testing.T, stdout, stderr io.Writer, isTerminal bool) {
	t.Helper()
	v := New(stdout, stderr, isTerminal, 4*time.Second, false)
	v.Interval(second(t, time.Second, 1000, 2000))
	v.Interval(second(t, 2*time.Second))
	v.Done()
}

func TestLines(t *testing.T) {
	var stdout, stderr bytes.Buffer
	show(t, &stdout, &stderr, false)
	want := `  second requests/s     p50_us     p95_us     p99_us   p99.9_us  p99.99_us     max_us
     1.0          2        1.0        2.0        2.0        2.0        2.0        2.0
     2.0          0          -          -          -          -          -          -
`
	if stdout.String() != want {
		t.Errorf("lines are\n%swant\n%s", stdout.String(), want)
	}
	if stderr.Len() > 0 {
		t.Errorf("without a terminal stderr got %q", stderr.String())
	}
}

// TestErrors: the lines of a run that reconnects end with what went wrong.
func TestErrors(t *testing.T) {
	var stdout bytes.Buffer
	v := New(&stdout, io.Discard, false, time.Second, true)
	s := second(t, time.Second)
	s.Errors = &sample.Errors{Requests: 512, Lost: 8, Reconnects: 7}
	v.Interval(s)
	want := `  second requests/s     p50_us     p95_us     p99_us   p99.9_us  p99.99_us     max_us     errors lost_conns reconnects
     1.0          0          -          -          -          -          -          -        512          8          7
`
	if stdout.String() != want {
		t.Errorf("lines are\n%swant\n%s", stdout.String(), want)
	}
}

func TestBar(t *testing.T) {
	var plain, stdout, stderr bytes.Buffer
	show(t, &plain, io.Discard, false)
	show(t, &stdout, &stderr, true)
	if stdout.String() != plain.String() {
		t.Errorf("a terminal changes the lines to\n%s", stdout.String())
	}
	drawn := strings.Split(stderr.String(), progress.EraseLine)
	if len(drawn) != 4 || drawn[3] != "" {
		t.Fatalf("want three bars, each erased; stderr got %q", stderr.String())
	}
	for i, want := range []string{"  0%  4 s left", " 25%  3 s left", " 50%  2 s left"} {
		if !strings.HasPrefix(drawn[i], "[") || !strings.HasSuffix(drawn[i], want) {
			t.Errorf("bar %d is %q, not [...]%s", i, drawn[i], want)
		}
	}
	if strings.Contains(stderr.String(), "\n") {
		t.Errorf("the bar leaves its line: %q", stderr.String())
	}
}

// TestTerminal renders what a terminal would show: whole lines above the bar, and an empty line
// after Done.
func TestTerminal(t *testing.T) {
	var screen, plain bytes.Buffer
	show(t, &screen, &screen, true)
	show(t, &plain, io.Discard, false)
	if got := rendered(screen.String()); got != plain.String() {
		t.Errorf("the terminal shows\n%swant\n%s", got, plain.String())
	}
}

// rendered returns what a terminal shows of text. It interprets newlines and EraseLine.
func rendered(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if at := strings.LastIndex(line, progress.EraseLine); at >= 0 {
			lines[i] = line[at+len(progress.EraseLine):]
		}
	}
	return strings.Join(lines, "\n")
}

func TestStep(t *testing.T) {
	var stderr bytes.Buffer
	v := NewStep(&stderr, true, "10,000/s", 4*time.Second)
	v.Interval(second(t, time.Second))
	v.Done()
	drawn := strings.Split(stderr.String(), progress.EraseLine)
	if len(drawn) != 3 || !strings.HasSuffix(drawn[0], "  0%  10,000/s, 4 s left") || !strings.HasSuffix(drawn[1], " 25%  10,000/s, 3 s left") || drawn[2] != "" {
		t.Errorf("stderr got %q", stderr.String())
	}
	quiet := NewStep(nil, false, "", time.Second) // writes nothing
	quiet.Interval(second(t, time.Second))
	quiet.Done()
}
