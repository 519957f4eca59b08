package live

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
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
	drawn := strings.Split(stderr.String(), eraseLine)
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

// rendered returns what a terminal shows of text. It interprets newlines and eraseLine.
func rendered(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if at := strings.LastIndex(line, eraseLine); at >= 0 {
			lines[i] = line[at+len(eraseLine):]
		}
	}
	return strings.Join(lines, "\n")
}

func TestLeft(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                "0 s left",
		0:                           "0 s left",
		time.Nanosecond:             "1 s left",
		59 * time.Second:            "59 s left",
		61 * time.Second:            "1:01 min left",
		time.Hour + 150*time.Second: "1:02 h left",
	} {
		if got := left(d); got != want {
			t.Errorf("left(%v) is %q, want %q", d, got, want)
		}
	}
}

func TestCounter(t *testing.T) {
	var stderr bytes.Buffer
	now := time.Unix(0, 0)
	c := newCounter(newBar(&stderr, true, 1000), 1000, "rows", func() time.Time { return now })
	c.Add(100) // within the first refresh: not drawn
	now = now.Add(time.Second)
	c.Add(100)
	c.Add(100) // at the same instant: not drawn
	c.Add(700) // the last: drawn whenever it comes
	c.Done()
	drawn := strings.Split(stderr.String(), eraseLine)
	if len(drawn) != 4 || drawn[3] != "" {
		t.Fatalf("want three bars, each erased; stderr got %q", stderr.String())
	}
	for i, want := range []string{"  0%  ", " 20%  200 of 1000 rows, 200/s, 4 s left", "100%  1000 of 1000 rows, 1000/s, 0 s left"} {
		if !strings.HasSuffix(drawn[i], want) {
			t.Errorf("bar %d is %q, want its end %q", i, drawn[i], want)
		}
	}
}

func TestCounterWithoutTerminal(t *testing.T) {
	var stderr bytes.Buffer
	c := NewCounter(&stderr, false, 0, "rows")
	c.Add(10)
	c.Done()
	if stderr.Len() > 0 {
		t.Errorf("without a terminal stderr got %q", stderr.String())
	}
}

func TestStep(t *testing.T) {
	var stderr bytes.Buffer
	v := NewStep(&stderr, true, "10,000/s", 4*time.Second)
	v.Interval(second(t, time.Second))
	v.Done()
	drawn := strings.Split(stderr.String(), eraseLine)
	if len(drawn) != 3 || !strings.HasSuffix(drawn[0], "  0%  10,000/s, 4 s left") || !strings.HasSuffix(drawn[1], " 25%  10,000/s, 3 s left") || drawn[2] != "" {
		t.Errorf("stderr got %q", stderr.String())
	}
	quiet := NewStep(nil, false, "", time.Second) // writes nothing
	quiet.Interval(second(t, time.Second))
	quiet.Done()
}
