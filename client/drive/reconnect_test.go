package drive

import (
	"context"
	"net"
	"regexp"
	"testing"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
	"pgregory.net/rapid"
)

// TestReconnect: a server closes, resets or keeps silent on each of its first connections. The
// run goes on with others until enough requests are answered, and counts what was lost.
func TestReconnect(t *testing.T) {
	for name, c := range map[string]struct {
		*script
		want string
	}{
		"close":   {&script{close: 12}, `^connection [1-5]: closed after 11 of \d+ responses(: .*reset.*)?$`},
		"reset":   {&script{reset: 12}, `^connection [1-5]: closed after \d+ of \d+ responses(: connection reset by peer)?$`},
		"leave":   {&script{leaves: 12}, `^connection [1-5]: closed (after 12 of \d+|before its next request, after 12) responses(: .*reset.*)?$`},
		"silence": {&script{silent: 30}, `^connection [1-5]: no answer for 50ms after \d+ of \d+ responses$`},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, d driver) {
				for _, rate := range []float64{0, 5_000} {
					ctx, cancel := context.WithCancel(t.Context())
					s := &script{close: c.close, reset: c.reset, leaves: c.leaves, silent: c.silent, faulty: 12, enough: 1000, reached: cancel}
					run := config(t, serve(t, s))
					run.Quota, run.Rate, run.Reconnect = 0, rate, true
					if c.silent > 0 {
						run.Stall = 50 * time.Millisecond
					}
					var sum sample.Errors
					run.OnInterval = func(i sample.Interval) { sum.Add(*i.Errors) }
					total, err := run.run(ctx, d)
					if err != nil {
						t.Fatal(err)
					}
					e := *total.Errors
					if e.Lost < 12-5 || e.Reconnects < 12-5 || e.Reconnects > e.Lost || total.Answered < 500 || e.Requests == 0 && c.leaves == 0 {
						t.Errorf("rate %v: %+v, %d answered", rate, e, total.Answered)
					}
					if total.Sent != total.Answered+e.Requests || total.Wrong != 0 || total.Latency.TotalCount() != total.Answered+total.Unsent {
						t.Errorf("rate %v: %d sent, %d answered, %+v, %d unsent, %d latencies", rate, total.Sent, total.Answered, e, total.Unsent, total.Latency.TotalCount())
					}
					if sum != e {
						t.Errorf("rate %v: intervals have %+v, the total %+v", rate, sum, e)
					}
					if !regexp.MustCompile(c.want).MatchString(total.FirstError) {
						t.Errorf("rate %v: first error is %q, want %s", rate, total.FirstError, c.want)
					}
				}
			})
		})
	}
}

// TestReconnectWaits: while nobody listens, the connections wait, and a run that ends then ends
// at once.
func TestReconnectWaits(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		for _, rate := range []float64{0, 5_000} {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			c := config(t, listener.Addr().String())
			c.Quota, c.Rate, c.Reconnect, c.Duration = 0, rate, true, 100*time.Millisecond
			c.OnStart = func() {
				listener.Close() // resets what was not accepted
			}
			total, err := c.run(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			if total.Answered != 0 || total.Errors.Reconnects != 0 || total.Errors.Lost > int64(c.Conns) || total.Sent != total.Errors.Requests {
				t.Errorf("rate %v: %d answered, %d sent, %+v", rate, total.Answered, total.Sent, *total.Errors)
			}
			if rate > 0 && total.Unsent+total.Errors.Requests != 500 {
				t.Errorf("%d unsent, %d errors of 500 due", total.Unsent, total.Errors.Requests)
			}
		}
	})
}

// TestReconnectDetectsWrongAnswers: a wrong answer is no outage.
func TestReconnectDetectsWrongAnswers(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		c := config(t, serve(t, &script{wrong: 300}))
		c.Quota, c.Reconnect = 0, true
		if _, err := c.run(t.Context(), d); err == nil {
			t.Error("no error")
		}
	})
}

// TestOutageIsNoLag: a request that falls due while its connection is down counts from when it
// was due, and the generator is not to blame.
func TestOutageIsNoLag(t *testing.T) {
	l, m := lane1(t, unlimited, true)
	l.fall(10)
	flush(l, 10)
	l.cut()
	l.fall(20)
	l.rejoin(1000)
	flush(l, 1005)
	l.fall(1010)
	flush(l, 1017)
	respond(t, l, 2, 1020)
	wantRecorded(t, "lag", m.lag, 0, 7)
	wantRecorded(t, "latency", m.latency, 10, 1000)
	wantRecorded(t, "service", m.service, 3, 15)
}

// TestLaneIsCut drives a lane through drawn writes, reads and lost connections, and compares it
// with a model that only counts.
func TestLaneIsCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, err := Generate(small, drawnMix.Draw(t, "mix"), 7)
		if err != nil {
			t.Fatal(err)
		}
		open := rapid.Bool().Draw(t, "open")
		m := &meter{figures: newFigures(open)}
		l := newLane(q, m, 0, rapid.Int64Range(1, 40).Draw(t, "window"), open)
		if !open {
			l.credit = unlimited
		}
		var p peer
		now, answered, fallen, lost := int64(0), int64(0), int64(0), int64(0)
		t.Repeat(map[string]func(*rapid.T){
			"fall": func(t *rapid.T) {
				if open {
					l.fall(now)
					fallen++
				}
			},
			"write": func(t *rapid.T) {
				b := l.output(now)
				n := rapid.IntRange(0, len(b)).Draw(t, "n")
				p.hear(b[:n])
				l.wrote(n, now)
			},
			"read": func(t *rapid.T) {
				n := rapid.IntRange(0, len(p.says)).Draw(t, "n")
				if err := l.input(p.says[:n], now); err != nil {
					t.Fatal(err)
				}
				p.says = p.says[n:]
			},
			"cut": func(t *rapid.T) {
				lost += l.sent - l.answered
				l.cut()
				p = peer{}
				if l.ready() || len(l.output(now)) > 0 {
					t.Fatal("writes without a connection")
				}
			},
			"rejoin": func(t *rapid.T) { l.rejoin(now) },
			"": func(t *rapid.T) {
				now++
				answered = l.answered
				if l.lost != lost || open && l.credit+l.lost != fallen || open && int64(l.dues.size()) != l.credit-answered {
					t.Fatalf("lost %d of %d, credit %d of %d, %d due", l.lost, lost, l.credit, fallen, l.dues.size())
				}
				inWrites := int64(0)
				for i := range l.writes.size() {
					inWrites += l.writes.at(i).requests
				}
				if inWrites != l.sent-answered || m.requests != answered {
					t.Fatalf("%d in writes, %d sent, %d answered, %d measured", inWrites, l.sent, answered, m.requests)
				}
			},
		})
	})
}
