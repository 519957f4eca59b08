package drive

import (
	"slices"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// lane1 returns a lane of one-vector requests and its meter.
func lane1(t testing.TB, window int64, open bool) (*lane, *meter) {
	t.Helper()
	q, err := Generate(small, Uniform(1), 1)
	if err != nil {
		t.Fatal(err)
	}
	m := &meter{figures: newFigures(open)}
	l := newLane(q, m, 0, window, open)
	return &l, m
}

// flush writes all that l has to write and returns how many bytes it wrote.
func flush(l *lane, now int64) (written int) {
	for l.ready() {
		n := len(l.output(now))
		l.wrote(n, now)
		written += n
	}
	return written
}

// respond gives l its next n responses.
func respond(t testing.TB, l *lane, n int, now int64) {
	t.Helper()
	for range n {
		r := l.requests.replies[l.reply]
		if err := l.input(l.requests.responses[l.got:r.end], now); err != nil {
			t.Fatal(err)
		}
	}
}

// recorded returns the values of h, lowest bucket first; below 2048 they are exact.
func recorded(h *hdrhistogram.Histogram) (values []int64) {
	for _, bar := range h.Distribution() {
		for range bar.Count {
			values = append(values, bar.From)
		}
	}
	return values
}

func wantRecorded(t *testing.T, what string, h *hdrhistogram.Histogram, want ...int64) {
	t.Helper()
	if got := recorded(h); !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// TestPauseShowsInCorrected: a peer pauses while a window of one is full. The latencies of the
// requests that had to wait count from when they were due; their service times are short.
func TestPauseShowsInCorrected(t *testing.T) {
	l, m := lane1(t, 1, true)
	l.fall(10)
	flush(l, 11)
	for due := int64(20); due <= 50; due += 10 {
		l.fall(due)
		if flush(l, due) != 0 {
			t.Fatal("wrote beyond the window")
		}
	}
	respond(t, l, 1, 1000) // after the pause
	for now := int64(1000); l.answered < l.credit; now += 5 {
		flush(l, now)
		respond(t, l, 1, now+5)
	}
	wantRecorded(t, "latency", m.latency, 970, 975, 980, 985, 990)
	wantRecorded(t, "service", m.service, 5, 5, 5, 5, 989)
	wantRecorded(t, "lag", m.lag, 1)
}

// TestFullSocketIsNoLag: a write that is late because the socket was full has no lag, but a
// write that is late by itself has.
func TestFullSocketIsNoLag(t *testing.T) {
	l, m := lane1(t, unlimited, true)
	l.fall(10)
	b := l.output(10)
	l.wrote(len(b)-1, 10)
	l.blocked()
	l.fall(20)
	if n := len(l.output(25)); n != 1 {
		t.Fatalf("%d bytes to write, want the one left", n)
	}
	l.wrote(1, 100)
	flush(l, 101) // it was due at 20, when the socket was full
	l.fall(110)
	flush(l, 117)
	respond(t, l, 3, 120)
	wantRecorded(t, "lag", m.lag, 0, 7)
	wantRecorded(t, "latency", m.latency, 10, 100, 110)
	wantRecorded(t, "service", m.service, 3, 19, 110)
}

func TestStopLeavesUnsentWhatFoundNoRoom(t *testing.T) {
	l, m := lane1(t, 1, true)
	for due := int64(1); due <= 3; due++ {
		l.fall(due)
	}
	flush(l, 3)
	l.stop(100)
	if m.unsent != 2 || l.credit != 1 || l.finished() {
		t.Fatalf("%d unsent, %d may be sent", m.unsent, l.credit)
	}
	respond(t, l, 1, 150)
	if !l.finished() || l.ready() {
		t.Fatal("not finished")
	}
	wantRecorded(t, "latency", m.latency, 97, 98, 149)
}

func TestStopSendsWhatHasRoom(t *testing.T) {
	l, m := lane1(t, 2, true)
	l.fall(1)
	l.stop(2)
	if m.unsent != 0 || flush(l, 3) == 0 {
		t.Fatal("a request that was due and had room stays unsent")
	}
}

func TestClosedLoopRefillsTheWindow(t *testing.T) {
	l, m := lane1(t, 3, false)
	l.credit, l.final = 5, true
	size := len(l.requests.bytes) / (len(l.requests.begins) - 1)
	if n := flush(l, 10); n != 3*size {
		t.Fatalf("wrote %d bytes first, want 3 requests", n)
	}
	respond(t, l, 2, 17)
	if n := flush(l, 20); n != 2*size {
		t.Fatalf("wrote %d bytes then, want 2 requests", n)
	}
	respond(t, l, 3, 40)
	if !l.finished() || m.requests != 5 || m.vectors != 5 {
		t.Fatalf("finished %v, %d requests, %d vectors", l.finished(), m.requests, m.vectors)
	}
	wantRecorded(t, "latency", m.latency, 7, 7, 20, 20, 30)
}

func TestStalled(t *testing.T) {
	l, _ := lane1(t, 8, false)
	l.credit = 8
	if l.stalled(1<<60, 5) {
		t.Error("stalled with nothing asked")
	}
	flush(l, 100)
	if l.stalled(105, 5) || !l.stalled(106, 5) {
		t.Error("the stall does not begin with the request")
	}
	respond(t, l, 1, 200)
	if l.stalled(205, 5) || !l.stalled(206, 5) {
		t.Error("the stall does not begin with the last answer")
	}
}

func TestInputNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		at   int
		want string
	}{
		{0, "byte 0 of response 1 is 0x00, not 0x01"},
		{8 + 7, "byte 7 of response 2 is 0x41, not 0x40"},
		{3 * 8, "more came than the 3 responses asked for"},
	} {
		l, _ := lane1(t, 3, false)
		l.credit = 3
		flush(l, 0)
		b := slices.Clone(l.requests.responses[:4*8])
		b[c.at] ^= 1
		if err := l.input(b, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("byte %d turned: %v, want %q", c.at, err, c.want)
		}
	}
}

// TestSteadyStateAllocatesNothing: after a warm-up a lane of either loop allocates nothing.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	for _, open := range []bool{false, true} {
		l, _ := lane1(t, 64, open)
		l.credit = 0
		round := func() {
			for range 64 {
				if open {
					l.fall(1)
				} else {
					l.credit++
				}
			}
			flush(l, 2)
			for l.answered < l.sent {
				n := min(int(l.sent-l.answered)*8, len(l.requests.responses)-l.got)
				if err := l.input(l.requests.responses[l.got:l.got+n], 3); err != nil {
					t.Fatal(err)
				}
			}
		}
		round()
		if n := testing.AllocsPerRun(100, round); n != 0 {
			t.Errorf("open loop %v: %v allocations a round", open, n)
		}
	}
}

// TestClosedWhileIdle: the error of a peer that closes while it owes no answer says so.
func TestClosedWhileIdle(t *testing.T) {
	l := lane{sent: 24, answered: 24}
	if got := l.ended(nil).Error(); got != "closed before its next request, after 24 responses" {
		t.Errorf("%q", got)
	}
	l.sent = 25
	if got := l.ended(nil).Error(); got != "closed after 24 of 25 responses" {
		t.Errorf("%q", got)
	}
}
