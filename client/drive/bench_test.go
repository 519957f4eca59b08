package drive

import (
	"fmt"
	"testing"

	"github.com/disrust/disrust/wire"
)

// BenchmarkLane measures the cost of a request without its system calls, when 64 requests are
// written and answered together.
func BenchmarkLane(b *testing.B) {
	for _, open := range []bool{false, true} {
		b.Run(fmt.Sprintf("open=%v", open), func(b *testing.B) {
			const window = 64
			q, err := Generate(wire.Default, Uniform(1), 1)
			if err != nil {
				b.Fatal(err)
			}
			l := newLane(q, &meter{figures: newFigures(open)}, 0, window, open)
			if !open {
				l.credit = unlimited
			}
			b.ReportAllocs()
			now := int64(0)
			for b.Loop() {
				if open {
					for range window {
						l.fall(now)
					}
				}
				now += 10_000
				flush(&l, now)
				for l.answered < l.sent {
					n := min(int(l.sent-l.answered)*8, len(q.responses)-l.got)
					if err := l.input(q.responses[l.got:l.got+n], now+5000); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/window, "ns/request")
		})
	}
}

func BenchmarkAgree(b *testing.B) {
	for name, by := range map[string]Verify{"sum": BySum, "frame": ByFrame} {
		b.Run(name, func(b *testing.B) {
			q, err := Generate(wire.Default, Uniform(64), 1)
			if err != nil {
				b.Fatal(err)
			}
			q.by = by
			b.SetBytes(int64(len(q.responses)))
			b.ReportAllocs()
			for b.Loop() {
				if q.agree(q.responses, 0, 0) != len(q.responses) {
					b.Fatal("disagrees with itself")
				}
			}
		})
	}
}

func BenchmarkSchedule(b *testing.B) {
	for _, a := range []Arrivals{Constant, Poisson} {
		b.Run(a.String(), func(b *testing.B) {
			s := newSchedule(1e6, a, 1, unlimited)
			b.ReportAllocs()
			for b.Loop() {
				s.advance()
			}
		})
	}
}

// BenchmarkRun measures a whole run per iteration, with its connections and the scripted
// server of the tests.
func BenchmarkRun(b *testing.B) {
	for name, d := range map[string]driver{"preferred": preferred, "portable": portable} {
		b.Run(name, func(b *testing.B) {
			c := config(b, serve(b, &script{}))
			c.Window, c.Quota = 64, 10_000
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.run(b.Context(), d); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*float64(c.Quota)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}
