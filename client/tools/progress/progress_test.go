package progress

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLeft(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                "0 s left",
		0:                           "0 s left",
		time.Nanosecond:             "1 s left",
		59 * time.Second:            "59 s left",
		61 * time.Second:            "1:01 min left",
		time.Hour + 150*time.Second: "1:02 h left",
	} {
		if got := Left(d); got != want {
			t.Errorf("Left(%v) is %q, want %q", d, got, want)
		}
	}
}

func TestCounter(t *testing.T) {
	var stderr bytes.Buffer
	now := time.Unix(0, 0)
	c := newCounter(NewBar(&stderr, true, 1000), 1000, "rows", func() time.Time { return now })
	c.Add(100) // within the first refresh: not drawn
	now = now.Add(time.Second)
	c.Add(100)
	c.Add(100) // at the same instant: not drawn
	c.Add(700) // the last: drawn whenever it comes
	c.Done()
	drawn := strings.Split(stderr.String(), EraseLine)
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

// TestNobodyWatches: what is no terminal is not watched.
func TestNobodyWatches(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if IsWatched(file) || IsWatched(new(bytes.Buffer)) {
		t.Error("a file or a buffer counts as watched")
	}
}
