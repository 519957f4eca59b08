package logqueue

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// held is a writer and a handler that takes a line each time it is let. It reports when it
// has a line.
type held struct {
	has, let chan struct{}

	mu    sync.Mutex
	lines []string
}

func newHeld() *held { return &held{has: make(chan struct{}), let: make(chan struct{})} }

func (h *held) Write(b []byte) (int, error) {
	h.has <- struct{}{}
	<-h.let
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, string(b))
	return len(b), nil
}

// open lets the writer have all lines that wait, and returns those that it had.
func (h *held) open(q *Queue) []string {
	go func() {
		for range h.has {
		}
	}()
	close(h.let)
	q.Flush()
	close(h.has)
	return h.lines
}

// wait waits until the writer has the first line.
func (h *held) wait() { <-h.has }

// TestLosesWhenFull: a writer that blocks holds nobody up. It gets all lines for which there
// was room, and learns how many are missing.
func TestLosesWhenFull(t *testing.T) {
	h := newHeld()
	q := New(func(lines string) { fmt.Fprint(h, lines) })
	w := q.Writer(h)
	var want []string
	write := func(text string) { fmt.Fprint(w, text) }
	write("first")
	h.wait()
	want = append(want, "first")
	for i := range capacity {
		write(fmt.Sprint(i))
		want = append(want, fmt.Sprint(i))
	}
	for range 12 {
		write("lost")
	}
	want = append(want, "12 lines lost")
	if q.Lost() != 12 {
		t.Errorf("%d lines are lost, want 12", q.Lost())
	}
	if got := h.open(q); !slices.Equal(got, want) {
		t.Errorf("the writer got %q, want %q", got, want)
	}
}

// TestSaysWhereLinesAreMissing: the line that says so stands between the lines before and
// after the loss.
func TestSaysWhereLinesAreMissing(t *testing.T) {
	h := newHeld()
	q := New(func(lines string) { fmt.Fprint(h, lines) })
	w := q.Writer(h)
	fmt.Fprint(w, "a")
	h.wait()
	for range capacity + 1 {
		fmt.Fprint(w, "b")
	}
	h.let <- struct{}{}
	h.wait() // the writer has the first b, so there is room for one line
	fmt.Fprint(w, "c")
	got := h.open(q)
	if end := got[len(got)-3:]; !slices.Equal(end, []string{"b", "1 line lost", "c"}) {
		t.Errorf("the last lines are %q", end)
	}
}

// TestFlushGivesUp: Flush returns although the writer never does.
func TestFlushGivesUp(t *testing.T) {
	h := newHeld()
	q := New(nil)
	fmt.Fprint(q.Writer(h), "a")
	h.wait()
	q.Flush()
	h.open(q)
}

// TestHandler: records reach the handler behind the queue as if there were none, and the
// caller may not be held up by its Enabled either.
func TestHandler(t *testing.T) {
	var text strings.Builder
	options := &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	h := Of(slog.NewTextHandler(&text, options))
	if Of(h) != h {
		t.Error("a Handler gets a second queue")
	}
	log := slog.New(h)
	log.Info("not wanted")
	log.With("a", 1).WithGroup("g").Warn("wanted", "b", 2)
	h.Queue().Flush()
	if want := "level=WARN msg=wanted a=1 g.b=2\n"; text.String() != want {
		t.Errorf("got %q, want %q", &text, want)
	}
}

// stuck is a handler whose every method waits for ever.
type stuck struct {
	slog.Handler
	entered chan struct{}
}

func (s stuck) Enabled(context.Context, slog.Level) bool {
	close(s.entered)
	select {}
}

func TestHandlerBlocksForEver(t *testing.T) {
	s := stuck{slog.DiscardHandler, make(chan struct{})}
	h := Of(s)
	log := slog.New(h)
	log.Info("a")
	<-s.entered
	for range capacity + 7 {
		log.Info("b")
	}
	if lost := h.Queue().Lost(); lost != 7 {
		t.Errorf("%d lines are lost, want 7", lost)
	}
}

// TestFullPipe: the same with a pipe of the kernel that nobody reads for a while.
func TestFullPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	const count = 3000 // of 100 bytes: more than a pipe and the queue hold
	q := New(func(lines string) { fmt.Fprintln(w, lines) })
	to := q.Writer(w)
	for range count {
		fmt.Fprintf(to, "%099d\n", 0)
	}
	lost := q.Lost()
	if lost == 0 {
		t.Fatal("no line is lost")
	}
	read := make(chan string)
	go func() {
		all, _ := io.ReadAll(r)
		read <- string(all)
	}()
	q.Flush()
	w.Close()
	said, lines := uint64(0), uint64(0)
	for line := range strings.Lines(<-read) {
		var n uint64
		if _, err := fmt.Sscanf(line, "%d line", &n); err == nil && strings.Contains(line, "lost") {
			said += n
			continue
		}
		lines++
	}
	if said != lost || lines+lost != count {
		t.Errorf("%d lines arrived, %d were lost, and the pipe says %d", lines, lost, said)
	}
}

// TestQueue draws who is next: somebody who logs, or the goroutine that writes, which the test
// plays. Each line is written or said to be lost, where it would have stood, and the queue
// never holds more than its capacity.
func TestQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := New(nil)
		q.written = make(chan struct{}) // so that put starts no goroutine
		logged, next := 0, 0            // lines logged, and lines written or said to be lost
		take := func() bool {
			l, ok := q.next()
			next += int(l.lost)
			if l.write != nil {
				l.write()
			}
			return ok
		}
		for range rapid.IntRange(1, 20).Draw(t, "rounds") {
			for range rapid.IntRange(0, capacity).Draw(t, "logged") {
				n := logged
				logged++
				q.put(func() {
					if n != next {
						t.Fatalf("line %d is written, want line %d", n, next)
					}
					next++
				})
			}
			if len(q.waiting) > capacity {
				t.Fatalf("%d lines wait", len(q.waiting))
			}
			for range min(rapid.IntRange(0, capacity/2).Draw(t, "taken"), len(q.waiting)) {
				take()
			}
		}
		for take() {
		}
		if next != logged {
			t.Fatalf("%d lines were written or said to be lost, %d were logged", next, logged)
		}
	})
}
