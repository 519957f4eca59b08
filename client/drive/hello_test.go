package drive

import (
	"context"
	"errors"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/wire"
	"pgregory.net/rapid"
)

// welcomed returns the welcome of a server of the requests that config makes.
func welcomed() *wire.Welcome { return &wire.Welcome{Format: small, Model: "sum"} }

// greeting is config in version 2.
func greeting(t testing.TB, s *script) Config {
	t.Helper()
	if s.welcome == nil {
		s.welcome = welcomed()
	}
	c := config(t, serve(t, s))
	c.Hello = true
	return c
}

// TestHello: each connection is welcomed, and the answers are verified as in version 1. Notices
// of any type are skipped.
func TestHello(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		for _, rate := range []float64{0, 50_000} {
			s := &script{notice: 17}
			c := greeting(t, s)
			c.Rate = rate
			total, err := c.run(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			wantCounts(t, total, c.Quota)
			if n := s.greeted.Load(); n != int32(c.Conns) {
				t.Errorf("%d connections welcomed of %d", n, c.Conns)
			}
		}
		c := greeting(t, &script{wrong: 17})
		if _, err := c.run(t.Context(), d); err == nil || !strings.Contains(err.Error(), ": answered wrongly: byte 5 of response 17 is ") {
			t.Errorf("%v", err)
		}
	})
}

func TestDescribe(t *testing.T) {
	want := wire.Welcome{Format: wire.Format{Dim: 7, Outputs: 3, MaxVectors: 5}, Kind: wire.Prob, Model: "iris", Identity: wire.Identity{1, 2}}
	got, err := Describe(t.Context(), serve(t, &script{welcome: &want}), 0)
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestNotWelcome: the error of a server that does not take the connection says why.
func TestNotWelcome(t *testing.T) {
	other, busy, silent, smaller := *welcomed(), *welcomed(), *welcomed(), *welcomed()
	other.Format.Dim = 4
	busy.Verdict, busy.Sentence = wire.NotNow, "the server is full"
	silent.Verdict = wire.NotNow
	smaller.Format.MaxVectors = 4
	for want, s := range map[string]*script{
		`^127.0.0.1:\d+ refuses the connection: the client expects dim 3, the model has dim 4$`:                     {welcome: &other},
		`^127.0.0.1:\d+ refuses the connection: the client sends up to 5 vectors per request, the server allows 4$`: {welcome: &smaller},
		`^127.0.0.1:\d+ refuses the connection: the server is full$`:                                                {welcome: &busy},
		`^127.0.0.1:\d+ refuses the connection with status 6$`:                                                      {welcome: &silent},
		`^127.0.0.1:\d+ closed before its welcome: a version 1 server, a full one, or an add`:                       {},
	} {
		c := config(t, serve(t, s))
		c.Hello = true
		q, err := Generate(small, Uniform(5), 1)
		if err != nil {
			t.Fatal(err)
		}
		c.Requests = q
		total, err := Run(t.Context(), c)
		if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) || total.Sent != 0 {
			t.Errorf("%v, want %s", err, want)
		}
		_, refused := errors.AsType[*Refused](err)
		if refused != (s.welcome != nil) || errors.Is(err, ErrNoWelcome) == refused {
			t.Errorf("%v: refused is %v", err, refused)
		}
	}
}

// TestStrangeWelcomes: a peer that speaks another protocol is told from one that says nothing.
func TestStrangeWelcomes(t *testing.T) {
	long := wire.AppendWelcome(nil, wire.Welcome{Model: "sum"}) // its format is not valid
	for says, want := range map[string]string{
		"":                         " closed before its welcome: ",
		"DIS2":                     " closed before its welcome: ",
		"HTTP/1.1 400 Bad":         " sends no welcome: wire: the stream begins with 48 54 54 50 ",
		string(long):               " sends no valid welcome: wire: dim 0: ",
		string(long[:len(long)-4]): " closed before its welcome: ",
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			io.ReadFull(conn, make([]byte, len(wire.AppendHello(nil, wire.Hello{}))))
			io.WriteString(conn, says)
		}()
		if _, err := Describe(t.Context(), listener.Addr().String(), 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", says, err, want)
		}
		listener.Close()
		<-done
	}
}

func TestSilentGreeting(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if _, err := Describe(t.Context(), listener.Addr().String(), 20*time.Millisecond); err == nil || !strings.HasSuffix(err.Error(), " sends no welcome in time") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	if _, err := Describe(ctx, listener.Addr().String(), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestOutputs: responses of several scores per vector are verified by frame, and by replay.
func TestOutputs(t *testing.T) {
	f := small
	f.Outputs = 3
	each(t, func(t *testing.T, d driver) {
		s := &script{welcome: &wire.Welcome{Format: f, Model: "iris"}, model: 2}
		c := greeting(t, s)
		q, err := Generate(f, Mix{{1, 3}, {5, 2}, {9, 1}}, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, by := range []Verify{ByFrame, ByReplay} {
			if c.Requests = q; by == ByReplay {
				if c.Requests, err = Learn(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			if c.Requests.by != by {
				t.Errorf("verified by %d, not %d", c.Requests.by, by)
			}
			total, err := c.run(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			wantCounts(t, total, c.Quota)
		}
	})
}

// TestFailedRequest: a failed request ends a run with a sentence. A run that reconnects counts
// it.
func TestFailedRequest(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		for _, rate := range []float64{0, 50_000} {
			c := greeting(t, &script{fail: 17})
			c.Rate = rate
			total, err := c.run(t.Context(), d)
			const want = `^connection [1-5]: request 17 failed: the model returned an error at its row 0 \(the server's log says more\); of \d+ requests in all \d+ answered rightly, 0 wrongly, `
			if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) || total.Answered != total.Requests {
				t.Errorf("rate %v: %v", rate, err)
			}
			c.Reconnect = true
			total, err = c.run(t.Context(), d)
			if err != nil || total.Errors.Requests != 5 || total.Errors.Lost != 0 || total.Sent != c.Quota || total.Answered != c.Quota-5 {
				t.Errorf("rate %v: %+v, %d sent, %d answered, %v", rate, total.Errors, total.Sent, total.Answered, err)
			}
			if !strings.Contains(total.FirstError, ": request 17 failed: the model returned an error") || total.Latency.TotalCount() != total.Answered+total.Unsent {
				t.Errorf("rate %v: first error is %q; %d latencies", rate, total.FirstError, total.Latency.TotalCount())
			}
		}
	})
}

// TestGoingAway: a run ends when the server says that it is going away, and all that was sent is
// answered. A run that reconnects goes on with another server and loses nothing. The server
// closes a connection only when the client has half-closed it.
func TestGoingAway(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		for _, rate := range []float64{0, 5_000} {
			c := greeting(t, &script{away: 100})
			c.Quota, c.Rate = 0, rate
			total, err := c.run(t.Context(), d)
			if !errors.Is(err, ErrGoingAway) || total.Answered < 100 || total.Answered != total.Sent {
				t.Errorf("rate %v: %d sent, %d answered, %v", rate, total.Sent, total.Answered, err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			s := &script{away: 100, faulty: 5, enough: 1000, reached: cancel}
			c = greeting(t, s)
			c.Quota, c.Rate, c.Reconnect = 0, rate, true
			total, err = c.run(ctx, d)
			e := total.Errors
			if err != nil || e.Requests != 0 || e.Lost != 0 || e.Reconnects < 1 || total.FirstError != "" || total.Answered != total.Sent {
				t.Errorf("rate %v: %+v, %d sent, %d answered, %q, %v", rate, e, total.Sent, total.Answered, total.FirstError, err)
			}
		}
	})
}

// TestAnotherServer: a run that reconnects to a server that refuses its format ends. While the
// server only refuses for now, it waits.
func TestAnotherServer(t *testing.T) {
	other, busy := *welcomed(), *welcomed()
	other.Format.Dim = 4
	busy.Verdict, busy.Sentence = wire.NotNow, "the server is full"
	each(t, func(t *testing.T, d driver) {
		c := greeting(t, &script{close: 12, faulty: 5, after: &other})
		c.Quota, c.Reconnect = 0, true
		const want = `^connection [1-5]: \S+ refuses the connection: the client expects dim 3, the model has dim 4; of `
		if _, err := c.run(t.Context(), d); err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
			t.Errorf("%v, want %s", err, want)
		}
		s := &script{close: 12, faulty: 5, after: &busy}
		c = greeting(t, s)
		c.Quota, c.Reconnect, c.Duration = 0, true, 100*time.Millisecond
		total, err := c.run(t.Context(), d)
		if err != nil || total.Errors.Reconnects != 0 {
			t.Errorf("%+v, %v", total.Errors, err)
		}
	})
}

// TestSplitNotice: a notice may come byte by byte to a lane that has sent nothing, although it
// begins like a response.
func TestSplitNotice(t *testing.T) {
	l, _ := lane1(t, 1, false)
	l.replies = true
	notice := wire.AppendGoingAway(nil)
	if notice[0] != l.requests.responses[0] {
		t.Fatal("the notice does not begin like a response")
	}
	for i := range notice {
		if err := l.input(notice[i:i+1], 1); err != nil || l.leaving != (i == len(notice)-1) {
			t.Fatalf("byte %d: leaving is %v, %v", i, l.leaving, err)
		}
	}
}

// TestFailureHasNoLatency: the latencies of answers before a failure, and after it, are theirs.
func TestFailureHasNoLatency(t *testing.T) {
	l, m := lane1(t, unlimited, true)
	l.replies, l.lenient = true, true
	for due := int64(10); due <= 30; due += 10 {
		l.fall(due)
		flush(l, due+1)
	}
	says := slices.Clone(l.requests.responses[:8])
	says = wire.AppendFailure(says, wire.ModelPanic, wire.NoRow)
	says = append(says, l.requests.responses[16:24]...)
	if err := l.input(says, 100); err != nil {
		t.Fatal(err)
	}
	wantRecorded(t, "latency", m.latency, 70, 90)
	wantRecorded(t, "service", m.service, 69, 89)
	if want := "request 2 failed: the model panicked (the server's log says more)"; l.failed != 1 || l.firstFailure.Error() != want {
		t.Errorf("%d failed, %v", l.failed, l.firstFailure)
	}
}

// TestLaneTakesReplies feeds a lane failures and notices among its responses, in drawn pieces.
func TestLaneTakesReplies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, err := Generate(small, drawnMix.Draw(t, "mix"), 7)
		if err != nil {
			t.Fatal(err)
		}
		q.by = rapid.SampledFrom([]Verify{BySum, ByReplay, ByFrame}).Draw(t, "by")
		open := rapid.Bool().Draw(t, "open")
		m := &meter{figures: newFigures(open)}
		l := newLane(q, m, 0, unlimited, open)
		l.replies, l.lenient = true, true
		requests := rapid.Int64Range(0, int64(2*q.Count())).Draw(t, "requests")
		for range requests {
			if open {
				l.fall(0)
			} else {
				l.credit++
			}
		}
		flush(&l, 0)
		var says []byte
		failed, answered, vectors := int64(0), int64(0), int64(0)
		for k := 0; ; k++ {
			for rapid.IntRange(0, 2).Draw(t, "notice") == 0 {
				code, words := rapid.Uint32Range(wire.AnotherModel, 1<<30-1).Draw(t, "code"), rapid.IntRange(0, 5).Draw(t, "words")
				if code == wire.AnotherModel {
					words = wire.IdentityBytes / 4
				}
				says = wire.AppendNotice(says, code, make([]byte, 4*words))
			}
			if int64(k) == requests {
				break
			}
			r := q.replies[k%q.Count()]
			if rapid.IntRange(0, 2).Draw(t, "fails") == 0 {
				says = wire.AppendFailure(says, rapid.Uint32Range(0, 1<<30-1).Draw(t, "code"), rapid.Uint32().Draw(t, "detail"))
				failed++
				continue
			}
			says = append(says, q.responses[q.replyBegin(k%q.Count()):r.end]...)
			answered++
			vectors += int64(r.vectors)
		}
		spoilt := rapid.SampledFrom([]string{"", "surplus failure", "surplus response"}).Draw(t, "spoilt")
		end := len(says)
		switch spoilt {
		case "surplus failure":
			says = wire.AppendFailure(says, 1, 0)
		case "surplus response":
			next := int(requests) % q.Count()
			says = append(says, q.responses[q.replyBegin(next):q.replies[next].end]...)
		}
		for from := 0; from < len(says) && err == nil; {
			n := rapid.IntRange(1, len(says)-from).Draw(t, "read")
			err = l.input(says[from:from+n], 1)
			if from += n; err != nil && from <= end {
				t.Fatalf("%d of %d bytes: %v", from, end, err)
			}
		}
		if (err != nil) != (spoilt != "") {
			t.Fatalf("%s: %v", spoilt, err)
		}
		if l.answered != answered || l.lost != failed || l.failed != failed || l.sent != answered || m.requests != answered || spoilt == "" && m.vectors != vectors || m.latency.TotalCount() != answered {
			t.Fatalf("%d of %d answered, %d of %d failed, %d sent, %d measured", l.answered, answered, l.lost, failed, l.sent, m.requests)
		}
	})
}
