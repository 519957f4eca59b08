package violation

import (
	"log/slog"
	"testing"
	"time"

	"github.com/disrust/disrust/wire"
	"pgregory.net/rapid"
)

// logModel remembers everything that was noted and logged.
type logModel struct {
	last    map[string]time.Duration // time of each peer's last line
	left    map[string]uint64        // violations of each peer without a line
	times   []time.Duration          // of all lines
	noted   uint64
	forgets bool // more peers were noted than a Log remembers
}

// mayLog reports whether a peer may have a line now.
func (m *logModel) mayLog(peer string, now time.Duration) bool {
	last, had := m.last[peer]
	return m.room(now) && (!had || now-last >= interval)
}

// room reports whether anyone may have a line now.
func (m *logModel) room(now time.Duration) bool {
	return len(m.times) < maxLines || now-m.times[len(m.times)-maxLines] >= interval
}

// anyNotes compares a Log with the model. Whether a violation has a line is the same whatever
// the Log has forgotten. While it forgets nothing, the counts are the same too.
func anyNotes(t *rapid.T) {
	var h recorder
	now := time.Duration(0)
	l := NewLog(slog.New(&h), func() time.Duration { return now })
	m := &logModel{last: map[string]time.Duration{}, left: map[string]uint64{}}
	for range rapid.IntRange(1, 15).Draw(t, "steps") {
		now += time.Duration(rapid.SampledFrom([]int{0, 1, 3, 7, 10, 30}).Draw(t, "seconds")) * time.Second
		first := rapid.IntRange(0, 2000).Draw(t, "first peer")
		if rapid.Bool().Draw(t, "few") {
			first = 0
		}
		peers := rapid.SampledFrom([]int{1, 3, 60, 150, 1100}).Draw(t, "peers")
		for i := first; i < first+peers; i++ {
			checkNote(t, l, &h, m, i, now)
		}
	}
	l.Flush()
	if sum := h.sum(); sum != m.noted {
		t.Fatalf("the lines speak of %d violations, want %d", sum, m.noted)
	}
}

func TestAnyNotes(t *testing.T) { rapid.Check(t, anyNotes) }

func FuzzAnyNotes(f *testing.F) { f.Fuzz(rapid.MakeFuzz(anyNotes)) }

func checkNote(t *rapid.T, l *Log, h *recorder, m *logModel, i int, now time.Duration) {
	peer, lines := numbered(i).String(), len(h.records)
	own := m.mayLog(peer, now)
	l.Note(numbered(i), Seen{Format: wire.Default})
	m.noted++
	m.left[peer]++
	m.forgets = m.forgets || len(m.left) > maxPeers
	if len(l.peers) > maxPeers {
		t.Fatalf("%d peers are remembered", len(l.peers))
	}
	logged := h.records[lines:]
	if got := len(logged) > 0 && logged[0].own; got != own {
		t.Fatalf("peer %d at %v: a line of its own: %v, want %v", i, now, got, own)
	}
	for j, r := range logged {
		if !m.mayLog(r.peer, now) {
			t.Fatalf("at %v: %s has a line, after %v", now, r.peer, m.last[r.peer])
		}
		said := r.more
		if r.own {
			said++
		}
		if r.own != (own && j == 0) || r.own && r.peer != peer || said == 0 {
			t.Fatalf("line %d is %+v", j, r)
		}
		if !m.forgets && (said != m.left[r.peer] || r.others > 0) {
			t.Fatalf("%+v speaks of %d, want %d", r, said, m.left[r.peer])
		}
		m.left[r.peer], m.last[r.peer] = 0, now
		m.times = append(m.times, now)
	}
	if m.forgets || !m.room(now) {
		return
	}
	for peer, left := range m.left {
		if left > 0 && m.mayLog(peer, now) {
			t.Fatalf("at %v: %s has %d violations without a line", now, peer, left)
		}
	}
}
