package drive

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/disrust/disrust/client/drive/sample"
)

// each runs f with every driver this system has, for one crew and for several.
func each(t *testing.T, f func(*testing.T, driver)) {
	drivers := map[string]driver{"goroutines": portable}
	if runtime.GOOS == "linux" {
		drivers["epoll"] = preferred
	}
	for name, d := range drivers {
		for threads, crews := range map[int]string{1: "one crew", 3: "crews"} {
			d.threads = threads
			t.Run(name+"/"+crews, func(t *testing.T) { f(t, d) })
		}
	}
}

// config returns a closed loop of small requests. The responses to its first requests have 8
// bytes.
func config(t testing.TB, addr string) Config {
	q, err := Generate(small, Uniform(1), 1)
	if err != nil {
		t.Fatal(err)
	}
	return Config{Addr: addr, Conns: 5, Window: 8, Requests: q, Quota: 2003, Stall: 10 * time.Second}
}

// wantCounts checks that all figures of a whole run without a warm-up agree.
func wantCounts(t *testing.T, total sample.Total, sent int64) {
	t.Helper()
	if total.Sent != sent || total.Answered != sent || total.Requests != sent || total.Wrong != 0 {
		t.Errorf("sent %d, answered %d, measured %d, wrong %d; want %d", total.Sent, total.Answered, total.Requests, total.Wrong, sent)
	}
	if n := total.Latency.TotalCount(); n != sent+total.Unsent {
		t.Errorf("%d latencies of %d answered and %d unsent", n, sent, total.Unsent)
	}
	if total.Service != nil && total.Service.TotalCount() != sent {
		t.Errorf("%d service times of %d requests", total.Service.TotalCount(), sent)
	}
}

func TestQuota(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		for _, rate := range []float64{0, 50_000} {
			c := config(t, serve(t, &script{}))
			q, err := Generate(small, Mix{{1, 3}, {5, 2}, {9, 1}}, 1)
			if err != nil {
				t.Fatal(err)
			}
			c.Requests, c.Quota, c.Rate = q, int64(10*q.Count()), rate
			intervals := int64(0)
			c.OnInterval = func(i sample.Interval) { intervals += i.Requests }
			total, err := c.run(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			wantCounts(t, total, c.Quota)
			if total.Vectors != int64(10*q.Vectors()) || intervals != c.Quota {
				t.Errorf("%d vectors, %d requests in intervals", total.Vectors, intervals)
			}
		}
	})
}

// TestUnixSocket drives a server on a Unix socket.
func TestUnixSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "d") // short enough for a socket on every system
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	addr := "unix:" + serveOn(t, "unix", filepath.Join(dir, "s"), &script{})
	each(t, func(t *testing.T, d driver) {
		c := config(t, addr)
		total, err := c.run(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		wantCounts(t, total, c.Quota)
	})
	_, err = Run(t.Context(), config(t, addr+"none"))
	if err == nil || !strings.HasPrefix(err.Error(), "cannot reach "+addr+"none: connect: ") {
		t.Errorf("a socket that is not there: %v", err)
	}
}

// TestMoreConnectionsThanRequests: some connections have nothing to send.
func TestMoreConnectionsThanRequests(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		c := config(t, serve(t, &script{}))
		c.Conns, c.Quota = 7, 4
		total, err := c.run(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		wantCounts(t, total, 4)
	})
}

// TestFinishedConnectionMayClose: a server may close a connection whose quota is met, the first
// one before the others get an answer.
func TestFinishedConnectionMayClose(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		c := config(t, serve(t, &script{leave: 20, left: make(chan struct{})}))
		c.Quota = 20 * int64(c.Conns)
		total, err := c.run(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		wantCounts(t, total, c.Quota)
	})
}

// TestLastIntervalAwaitsAnswers checks when intervals end.
func TestLastIntervalAwaitsAnswers(t *testing.T) {
	for duration, want := range map[time.Duration][]float64{
		0:                       {1, 2, 3},
		2 * time.Second:         {1, 2.5, 3},
		2300 * time.Millisecond: {1, 2.8, 3},
		2700 * time.Millisecond: {1, 2, 3.2},
		300 * time.Millisecond:  {1, 2, 3},
	} {
		r := run{Config: Config{Duration: duration}}
		for i, seconds := range want {
			if got := time.Duration(r.tick(int64(i + 1))); got.Seconds() != seconds {
				t.Errorf("duration %v: interval %d ends at %v, want %v s", duration, i+1, got, seconds)
			}
		}
	}
}

// runCrews starts a run and returns it when its crews are done, without collecting.
func runCrews(t *testing.T, c Config, d driver) *run {
	conns, err := c.dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := &run{Config: c, driver: d, finished: make(chan struct{})}
	r.enlist(conns)
	r.start()
	<-r.finished
	return r
}

// TestOverBeforeCollected: the crews are done before collect begins.
func TestOverBeforeCollected(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		c := config(t, serve(t, &script{}))
		r := runCrews(t, c, d)
		over := time.Duration(r.now())
		total := r.collect()
		r.count(&total)
		wantCounts(t, total, c.Quota)
		if total.Length < over {
			t.Errorf("measured for %v, the run took %v", total.Length, over)
		}
	})
}

// TestDeepPipeline: more requests are in flight than the kernel's buffers hold, and the server
// stops reading while its responses are not read.
func TestDeepPipeline(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		c := config(t, serve(t, &script{}))
		c.Conns, c.Window, c.Quota = 1, 1_000_000, 1_000_000
		total, err := c.run(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		wantCounts(t, total, c.Quota)
	})
}

func TestReplay(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		c := config(t, serve(t, &script{}))
		q, err := Replay(small, make([]byte, 1000*small.RowBytes()), Mix{{1, 1}, {9, 1}}, 1)
		if err != nil {
			t.Fatal(err)
		}
		c.Requests, c.Quota = q, int64(q.Count())
		total, err := c.run(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		wantCounts(t, total, c.Quota)
		if total.Vectors != 1000 {
			t.Errorf("%d vectors of 1000", total.Vectors)
		}
	})
}

// TestFailures runs against faulty servers. The errors name the connection, and the counts add
// up.
func TestFailures(t *testing.T) {
	const of = `; of \d+ requests in all \d+ answered rightly, `
	for name, c := range map[string]struct {
		*script
		want string
	}{
		"wrong byte":  {&script{wrong: 17}, `^connection [1-5]: answered wrongly: byte 5 of response 17 is 0x[0-9a-f]{2}, not 0x[0-9a-f]{2}` + of + `[1-5] wrongly, \d+ not$`},
		"extra byte":  {&script{extra: 400}, `^connection [1-5]: answered wrongly: (byte 0 of response 401 is 0x01, not 0x|more came than the 40\d responses)`},
		"early close": {&script{close: 12}, `^connection [1-5]: closed after 11 of \d+ responses(: .*reset.*)?` + of + `0 wrongly, [1-9]\d* not$`},
		"reset":       {&script{reset: 12}, `^connection [1-5]: closed after \d+ of \d+ responses: connection reset by peer` + of},
		"silence":     {&script{silent: 30}, `^connection [1-5]: no answer for 1s after \d+ of \d+ responses` + of + `0 wrongly, [1-9]\d* not$`},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, d driver) {
				run := config(t, serve(t, c.script))
				run.Quota = 0
				if c.silent > 0 {
					run.Stall = time.Second
				}
				total, err := run.run(t.Context(), d)
				if err == nil || !regexp.MustCompile(c.want).MatchString(err.Error()) {
					t.Fatalf("%v, want %s", err, c.want)
				}
				if total.Answered >= total.Sent+total.Wrong || total.Answered != total.Requests {
					t.Errorf("sent %d, answered %d, measured %d, wrong %d", total.Sent, total.Answered, total.Requests, total.Wrong)
				}
			})
		})
	}
}

func TestRefused(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	listener.Close()
	want := "^cannot reach " + addr + ": connect: connection refused$"
	if runtime.GOOS == "windows" {
		want = "^cannot reach " + addr + ": "
	}
	_, err = Run(t.Context(), config(t, addr))
	if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestContextEndsRun: the context ends a run that has neither quota nor duration.
func TestContextEndsRun(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		for _, rate := range []float64{0, 20_000} {
			ctx, cancel := context.WithCancel(t.Context())
			c := config(t, serve(t, &script{reach: 100, reached: cancel}))
			c.Quota, c.Rate = 0, rate
			total, err := c.run(ctx, d)
			if err != nil {
				t.Fatal(err)
			}
			if total.Answered < 100 {
				t.Errorf("ended after %d answers", total.Answered)
			}
			wantCounts(t, total, total.Sent)
		}
	})
}

// TestDuration runs a constant schedule for its duration and its warm-up. Exactly the requests
// that are due in this time are sent and answered.
func TestDuration(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		c := config(t, serve(t, &script{}))
		c.Quota, c.Rate, c.Window = 0, 10_000, 0
		c.Warmup, c.Duration = 50*time.Millisecond, 150*time.Millisecond
		total, err := c.run(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if total.Answered+total.Unsent != 2000 || total.Sent != total.Answered {
			t.Errorf("sent %d, answered %d, unsent %d", total.Sent, total.Answered, total.Unsent)
		}
	})
}

// TestWarmupIsNotMeasured: a driver answers five requests in the warm-up and, after the figures
// of the warm-up are taken, seven more.
func TestWarmupIsNotMeasured(t *testing.T) {
	d := driver{threads: 1, work: func(c *crew) error {
		for _, conn := range c.conns {
			conn.Close()
		}
		for _, n := range []int64{5, 7} {
			for before := int64(1); before > 0; runtime.Gosched() {
				c.meter.mu.Lock()
				if before = c.meter.requests; before == 0 {
					c.meter.requests = n
					record(c.meter.latency, 1, n)
				}
				c.meter.mu.Unlock()
			}
		}
		return nil
	}}
	c := config(t, serve(t, &script{}))
	c.Warmup = 500 * time.Millisecond // long enough for five answers
	total, err := c.run(t.Context(), d)
	if err != nil || total.Requests != 7 || total.Latency.TotalCount() != 7 {
		t.Errorf("measured %d requests, %d latencies, %v; want 7", total.Requests, total.Latency.TotalCount(), err)
	}
}

// TestSlowServerDoesNotSlowArrivals: a server waits for a hundred more requests before it
// answers. A closed loop with a smaller window would hang.
func TestSlowServerDoesNotSlowArrivals(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		c := config(t, serve(t, &script{hold: 50}))
		c.Conns, c.Window, c.Rate, c.Quota = 2, 0, 20_000, 400
		total, err := c.run(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		wantCounts(t, total, 400)
	})
}

// TestPauseIsNotOmitted: a server pauses while a window of one is full. At 1,000 requests per
// second for 200 ms, at least 99 requests fall due more than 100 ms before they are answered.
// The corrected latencies show them, and the service times hide them.
func TestPauseIsNotOmitted(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		c := config(t, serve(t, &script{pause: 20, pauseTime: 200 * time.Millisecond}))
		c.Conns, c.Window, c.Rate, c.Quota = 1, 1, 1000, 300
		total, err := c.run(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		wantCounts(t, total, 300)
		latency, service := above(total.Latency, 100*time.Millisecond), above(total.Service, 100*time.Millisecond)
		if latency < 99 || service < 1 || service >= latency {
			t.Errorf("%d latencies and %d service times above 100 ms", latency, service)
		}
	})
}

// above counts the values of h that are at least limit.
func above(h *hdrhistogram.Histogram, limit time.Duration) (n int64) {
	for _, bar := range h.Distribution() {
		if bar.To >= int64(limit) {
			n += bar.Count
		}
	}
	return n
}
