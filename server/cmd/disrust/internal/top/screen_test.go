package top

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/disrust/disrust/server/admin"
	"pgregory.net/rapid"
)

// busy is a screen of a server with so many threads.
func busy(t testing.TB, threads int) *screen {
	f := newFake()
	before := f.sample(t, start)
	f.request(time.Microsecond)
	for i := range threads {
		f.ThreadSeconds = append(f.ThreadSeconds, admin.ThreadSeconds{Thread: fmt.Sprint("io-", i), Working: float64(i), Asleep: 100})
	}
	s := &screen{glyphs: &blocks, addr: "127.0.0.1:9901", history: history{span: historySpan}, shown: compare(before, f.sample(t, start.Add(time.Second)))}
	s.history.add(s.shown.at, 1000)
	return s
}

// say is what a screen says in so many columns and rows.
func (s *screen) say(width, height int) string {
	var b strings.Builder
	for _, l := range s.lines(width, height) {
		b.WriteString(l.String() + "\n")
	}
	return b.String()
}

// TestFits: a terminal of 80 columns and 24 rows has room for all of a server with two threads, and one of 40
// columns for all but the bars and a column.
func TestFits(t *testing.T) {
	s := busy(t, 2)
	s.shown.stages[4] = latency{"whole", 3.82e6, 3.82e6, 3.82e6, 3.82e6}
	for _, size := range [][2]int{{80, 24}, {120, 40}, {40, 24}} {
		said := s.say(size[0], size[1])
		for _, want := range []string{"server ", "model ", "rate ", "last ", "whole ", "io-0 ", "io-1 ", "in flight ", "pool ", "waits/s ", "trouble ", "q quit"} {
			if !strings.Contains("\n"+said, "\n"+want) {
				t.Errorf("%v: no %s in\n%s", size, want, said)
			}
		}
		if !strings.Contains(said, " 3.82 ms 3.82 ms ") && !strings.Contains(said, " 3.82 ms   3.82 ms ") {
			t.Errorf("%v: the latencies do not stand apart in\n%s", size, said)
		}
		for i, l := range strings.Split(said, "\n") {
			if i > 1 && utf8.RuneCountInString(strings.TrimRight(l, " ")) > size[0] { // the first two may be cut
				t.Errorf("%v: %q is too wide", size, l)
			}
		}
	}
}

// TestManyThreads: where not all threads have room, those are shown that work most.
func TestManyThreads(t *testing.T) {
	said := busy(t, 64).say(80, 24)
	for _, want := range []string{"\nio-63 ", "\nio-62 ", "that work less", "\ntrouble ", "\nq quit"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
	if strings.Contains(said, "\nio-0 ") {
		t.Errorf("the thread that works least is shown\n%s", said)
	}
}

// TestAnySize: a screen has as many lines as the terminal, whatever size that has.
func TestAnySize(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := busy(t, rapid.IntRange(0, 40).Draw(rt, "threads"))
		for range rapid.IntRange(0, 3).Draw(rt, "troubles") {
			s.shown.troubles = append(s.shown.troubles, event{"something that should not be", 3, 1})
		}
		height := rapid.IntRange(1, 60).Draw(rt, "height")
		lines := s.lines(rapid.IntRange(0, 200).Draw(rt, "width"), height)
		if len(lines) != height || lines[height-1].String() != "q quit   p pause" {
			rt.Fatalf("%d lines of %d", len(lines), height)
		}
	})
}

// TestShares: a bar has its parts in the order of the columns.
func TestShares(t *testing.T) {
	s := busy(t, 0)
	s.shown.threads = []share{{"io-0", 0.5, 0.25, 0.25}}
	s.shown.status.Gauges["conns"] = 50
	bar := 80 - labelWidth - 27 - 2
	if said := s.say(80, 24); !strings.Contains(said, strings.Repeat("█", bar/2)+"▒") || strings.Count(said, "▒") < bar/4-1 {
		t.Errorf("%s", said)
	}
	bar = 80 - labelWidth - 36 - 2
	if said := s.say(80, 24); !strings.Contains(said, "  "+strings.Repeat("█", bar/2)+strings.Repeat("·", bar/2)+"\n") {
		t.Errorf("the connections have no bar of a half in\n%s", said)
	}
}

// TestLimits: what has no known limit has no bar, and what is beyond its limit a full one.
func TestLimits(t *testing.T) {
	s := busy(t, 0)
	s.shown.status.Flags = map[string]string{"request-ring": "0"}
	s.shown.status.Gauges["in_flight"] = 5
	said := s.say(80, 24)
	for _, want := range []string{
		"\nin flight           5        0        0        -  " + strings.Repeat("█", 80-labelWidth-36-2) + "\n",
		"\npool              0 B        -      0 B        -\n",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
}

// TestStates: the first line says what the server is doing, or why nobody knows.
func TestStates(t *testing.T) {
	s := busy(t, 1)
	s.shown.status.State = admin.Draining
	if said := s.say(80, 24); !strings.HasPrefix(said, "server      draining, up 1h00m, io_uring, at 127.0.0.1:9901\n") {
		t.Errorf("%s", said)
	}
	s.failure, s.heard, s.now = fmt.Errorf("connection refused"), start, start.Add(5*time.Second)
	if said := s.say(80, 24); !strings.HasPrefix(said, "server      no answer for 5s: connection refused\n") {
		t.Errorf("%s", said)
	}
	s = &screen{glyphs: &blocks, addr: "here:1", history: history{span: historySpan}, shown: compare(sample{at: start}, sample{at: start.Add(1), status: admin.Status{State: admin.Starting}})}
	if said := s.say(80, 24); !strings.HasPrefix(said, "server      starting, at here:1\nmodel       none yet\n") {
		t.Errorf("%s", said)
	}
}
