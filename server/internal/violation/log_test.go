package violation

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disrust/disrust/wire"
)

// TestLog shows the lines of two peers and of a flush.
func TestLog(t *testing.T) {
	var out bytes.Buffer
	now := time.Duration(0)
	l := NewLog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: withoutTime})), func() time.Duration { return now })
	seen := at(wire.Default, 0, "\x00\x00\x00\x00")
	a, b := netip.MustParseAddr("10.0.0.7"), netip.MustParseAddr("2001:db8::7")
	for _, step := range []struct {
		after time.Duration
		peer  netip.Addr
		want  string
	}{
		{0, a, "10.0.0.7 violation="},
		{0, a, ""},
		{interval - 1, netip.MustParseAddr("::ffff:10.0.0.7"), ""},
		{1, a, "10.0.0.7 violation= more=2"},
		{0, b, "2001:db8::7 violation="},
		{0, netip.MustParseAddr("2001:db8::8"), ""},
		{0, netip.MustParseAddr("2001:db8::9%eth0"), ""},
		{0, netip.MustParseAddr("2001:db8:0:1::7"), "2001:db8:0:1::7 violation="},
		{interval, netip.Addr{}, `"a Unix socket, or gone" violation=|2001:db8::/64 more=2`},
		{0, netip.Addr{}, ""},
		{interval, a, `10.0.0.7 violation=|"a Unix socket, or gone" more=1`},
		{0, a, ""},
		{0, b, "2001:db8::7 violation="},
		{0, b, ""},
	} {
		now += step.after
		out.Reset()
		l.Note(step.peer, seen)
		got := strings.ReplaceAll(strings.TrimSpace(out.String()), "\n", "|")
		got = strings.ReplaceAll(got, `level=WARN msg="a peer broke the protocol" peer=`, "")
		got = strings.ReplaceAll(got, `level=WARN msg="a peer broke the protocol, or expects something else" peer=`, "")
		got = strings.ReplaceAll(got, `"count 0: 1 to 64 is allowed"`, "")
		if got != step.want {
			t.Fatalf("%+v: %s", step, got)
		}
	}
	out.Reset()
	l.Flush()
	l.Flush()
	if got, want := out.String(), "level=WARN msg=\"peers broke the protocol, or expected something else\" more=2\n"; got != want {
		t.Fatalf("flush: %q, want %q", got, want)
	}
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// TestLogReplaces: a new peer does not replace one that must wait for its next line.
func TestLogReplaces(t *testing.T) {
	var h recorder
	now := time.Duration(0)
	l := NewLog(slog.New(&h), func() time.Duration { return now })
	for i := range maxPeers {
		now += interval / 10
		l.Note(numbered(i), Seen{Format: wire.Default})
	}
	for _, i := range []int{0, maxPeers, 0} {
		l.Note(numbered(i), Seen{Format: wire.Default})
	}
	if len(h.records) != maxPeers+2 || h.records[maxPeers+1].peer != numbered(maxPeers).String() {
		t.Fatalf("%d lines, the last is %+v", len(h.records), h.records[len(h.records)-1])
	}
}

// TestLogThreads: threads count and log together, and nothing is lost. The logger is never
// called under the lock.
func TestLogThreads(t *testing.T) {
	var h recorder
	var now time.Duration // guarded by the Log's lock
	l := NewLog(slog.New(&h), func() time.Duration { now += interval / 64; return now })
	const threads, notes = 4, 2000
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			for i := range notes {
				l.Note(numbered(i%50), Seen{Format: wire.Default})
			}
		})
	}
	wg.Wait()
	l.Flush()
	if sum := h.sum(); sum != threads*notes {
		t.Fatalf("the lines speak of %d violations, want %d", sum, threads*notes)
	}

	l = NewLog(slog.New(unlocked{t, &l}), func() time.Duration { now += interval; return now })
	l.Note(numbered(1), Seen{Format: wire.Default})
	l.Note(numbered(1), Seen{Format: wire.Default})
}

// numbered returns the address of peer i.
func numbered(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}) }

// record is a line of the log.
type record struct {
	peer         string
	own          bool
	more, others uint64
}

// recorder is a slog.Handler that keeps the lines.
type recorder struct {
	slog.Handler // nil: the methods that are not defined here are not called
	mu           sync.Mutex
	records      []record
}

func (h *recorder) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

func (h *recorder) Handle(_ context.Context, r slog.Record) error {
	var line record
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "peer":
			line.peer = a.Value.String()
		case "violation":
			line.own = true
		case "more":
			line.more = a.Value.Uint64()
		case "others":
			line.others = a.Value.Uint64()
		}
		return true
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.records = append(h.records, line)
	return nil
}

// sum returns how many violations the lines speak of.
func (h *recorder) sum() (sum uint64) {
	for _, r := range h.records {
		sum += r.more + r.others
		if r.own {
			sum++
		}
	}
	return sum
}

// unlocked is a slog.Handler that checks that the Log is not locked.
type unlocked struct {
	t *testing.T
	l **Log
}

func (unlocked) Enabled(context.Context, slog.Level) bool { return true }
func (u unlocked) WithAttrs([]slog.Attr) slog.Handler     { return u }
func (u unlocked) WithGroup(string) slog.Handler          { return u }

func (u unlocked) Handle(context.Context, slog.Record) error {
	if !(*u.l).mu.TryLock() {
		u.t.Error("the logger is called under the lock")
		return nil
	}
	(*u.l).mu.Unlock()
	return nil
}
