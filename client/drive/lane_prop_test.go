package drive

import (
	"bytes"
	"testing"

	"github.com/disrust/disrust/wire"
	"pgregory.net/rapid"
)

// peer is the other end of a lane under test: what it has received and must still send.
type peer struct {
	got, says []byte
	asked     int64 // whole requests received
}

// hear receives b and prepares the answers to the requests that are complete.
func (p *peer) hear(b []byte) {
	p.got = append(p.got, b...)
	for {
		frame := small.ParseRequest(p.got)
		if frame.Status != wire.Complete {
			return
		}
		p.says = append(p.says, answer(p.got[:frame.Bytes], small.Dim)...)
		p.got = p.got[frame.Bytes:]
		p.asked++
	}
}

// TestLaneAnyPieces drives lanes of both loops through drawn sizes of writes and reads, drawn
// due times and a stop, and compares them with a model that only counts.
func TestLaneAnyPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, err := Generate(small, drawnMix.Draw(t, "mix"), 7)
		if err != nil {
			t.Fatal(err)
		}
		open := rapid.Bool().Draw(t, "open")
		m := &meter{figures: newFigures(open)}
		window := rapid.Int64Range(1, 40).Draw(t, "window")
		l := newLane(q, m, rapid.IntRange(0, q.Count()-1).Draw(t, "first"), window, open)
		quota := rapid.Int64Range(0, 60).Draw(t, "quota")
		if !open {
			l.credit, l.final = quota, true
		}
		var p peer
		now, fallen, unsent := int64(0), int64(0), int64(0)
		t.Repeat(map[string]func(*rapid.T){
			"fall": func(t *rapid.T) {
				if !open || l.final {
					return
				}
				l.fall(rapid.Int64Range(0, now).Draw(t, "due"))
				fallen++
			},
			"write": func(t *rapid.T) {
				ready, b := l.ready(), l.output(now)
				if ready != (len(b) > 0) {
					t.Fatalf("ready is %v with %d bytes to write", ready, len(b))
				}
				n := rapid.IntRange(0, len(b)).Draw(t, "n")
				p.hear(b[:n])
				l.wrote(n, now)
				if n < len(b) {
					l.blocked()
				}
			},
			"read": func(t *rapid.T) {
				n := rapid.IntRange(0, len(p.says)).Draw(t, "n")
				if err := l.input(p.says[:n], now); err != nil {
					t.Fatal(err)
				}
				p.says = p.says[n:]
			},
			"stop": func(t *rapid.T) {
				before := l.credit
				l.stop(now)
				unsent += before - l.credit
			},
			"": func(t *rapid.T) {
				now += rapid.Int64Range(0, 1000).Draw(t, "passes")
				checkLane(t, &l, p.asked, fallen, unsent)
			},
		})
		finish(t, &l, &p, now)
	})
}

// checkLane compares a lane with the numbers of requests that its peer has received, that fell
// due and that stayed unsent.
func checkLane(t *rapid.T, l *lane, asked, fallen, unsent int64) {
	m := l.meter
	if l.answered > asked || l.sent-l.answered > l.window || l.sent > l.credit {
		t.Fatalf("asked %d, answered %d, sent %d, credit %d", asked, l.answered, l.sent, l.credit)
	}
	if l.open && l.credit+unsent != fallen {
		t.Fatalf("%d may be sent, %d stay unsent, %d fell due", l.credit, unsent, fallen)
	}
	if m.requests != l.answered || l.open && m.latency.TotalCount() != l.answered+m.unsent {
		t.Fatalf("recorded %d of %d answers and %d unsent", m.latency.TotalCount(), l.answered, m.unsent)
	}
	if l.open && (m.unsent != unsent || m.service.TotalCount() != l.answered || m.lag.TotalCount() > l.sent) {
		t.Fatalf("unsent %d of %d, service %d of %d, lag %d of %d", m.unsent, unsent,
			m.service.TotalCount(), l.answered, m.lag.TotalCount(), l.sent)
	}
}

// finish drains a lane. Then the lane must be finished and must detect a surplus byte.
func finish(t *rapid.T, l *lane, p *peer, now int64) {
	l.final = true
	for !l.finished() {
		b := l.output(now)
		p.hear(b)
		l.wrote(len(b), now)
		if err := l.input(p.says, now); err != nil {
			t.Fatal(err)
		}
		if len(b)+len(p.says) == 0 {
			t.Fatalf("nothing moves: sent %d, answered %d, credit %d", l.sent, l.answered, l.credit)
		}
		p.says = nil
	}
	if l.input(bytes.Clone(l.requests.responses[:1]), now) == nil {
		t.Fatal("one byte more was right")
	}
}

// TestLyingPeerIsCaught changes one drawn byte of the responses and feeds them to a lane in
// drawn pieces. The piece with that byte must fail, and the right responses before it count.
// A lane that verifies by frame checks only the counts.
func TestLyingPeerIsCaught(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, err := Generate(small, drawnMix.Draw(t, "mix"), 7)
		if err != nil {
			t.Fatal(err)
		}
		q.by = rapid.SampledFrom([]Verify{BySum, ByFrame}).Draw(t, "by")
		requests := rapid.Int64Range(1, 40).Draw(t, "requests")
		l := newLane(q, &meter{figures: newFigures(false)}, 0, requests, false)
		l.credit, l.final = requests, true
		var p peer
		for l.ready() {
			b := l.output(0)
			p.hear(b)
			l.wrote(len(b), 0)
		}
		turned := rapid.IntRange(0, len(p.says)-1).Draw(t, "turned")
		number, begin := int64(0), 0
		for end := 0; end <= turned; number++ {
			begin = end
			end += q.format.ResponseBytes(q.replies[number%int64(q.Count())].vectors)
		}
		p.says[turned] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		caught := q.by == BySum || turned-begin < wire.HeaderBytes
		for from := 0; from < len(p.says); {
			n := rapid.IntRange(1, len(p.says)-from).Draw(t, "read")
			err := l.input(p.says[from:from+n], 0)
			from += n
			if (err != nil) != (caught && turned < from) {
				t.Fatalf("byte %d turned, %d received: %v", turned, from, err)
			}
			if err != nil {
				if l.answered != number-1 || l.within() != turned-begin || !l.wrong {
					t.Fatalf("byte %d of response %d turned; %d answered, byte %d: %v", turned-begin, number, l.answered, l.within(), err)
				}
				return
			}
		}
	})
}
