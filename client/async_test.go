package client

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestStartAndDone keeps calls in flight from one goroutine, far more than the
// window holds, and harvests them in whatever order they end.
func TestStartAndDone(t *testing.T) {
	addr := serve(t, 3, answerAll)
	c := dial(t, Config{Dim: 3, MaxVectors: 4, Window: 3, Conns: 2}, addr)
	const inFlight, total = 50, 500
	done := make(chan *Call, inFlight)
	wants := map[*Call][]float32{}
	start := func(call *Call, k int) {
		call.Rows, wants[call] = rowsFrom(10*k, 1+k%9, 3)
		call.Dst, call.Done = make([]float32, 1+k%9), done
		c.Start(call)
	}
	for k := range inFlight {
		start(new(Call), k)
	}
	for k := range total {
		call := <-done
		if err := call.Wait(t.Context()); err != nil || !slices.Equal(call.Dst, wants[call]) {
			t.Fatalf("got %v, %v; want %v", call.Dst, err, wants[call])
		}
		if k+inFlight < total {
			start(call, k+inFlight)
		}
	}
	if len(done) != 0 {
		t.Error("a call ended twice")
	}
}

// TestTimeoutInStart has calls given up while they are started, and used again
// by who harvests them: Start may not touch them any more (under -race).
func TestTimeoutInStart(t *testing.T) {
	cfg := small
	cfg.Timeout = 1
	c := dial(t, cfg, serve(t, 3, answerAll))
	done, idle := make(chan *Call, 1), make(chan *Call, 1)
	go func() {
		for call := range done {
			call.Wait(t.Context())
			call.Dst, call.Rows = make([]float32, 1), make([]float32, 3)
			idle <- call
		}
	}()
	idle <- &Call{Dst: make([]float32, 1), Rows: make([]float32, 3), Done: done}
	for range 1000 {
		c.Start(<-idle)
	}
	<-idle
	close(done)
}

// TestWaitAgain returns the same.
func TestWaitAgain(t *testing.T) {
	c := dial(t, small, serve(t, 3, answerAll))
	call := &Call{Dst: make([]float32, 1), Rows: make([]float32, 3)}
	for range 3 {
		c.Start(call)
		for range 2 {
			if err := call.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
	call.Rows = nil
	c.Start(call)
	for range 2 {
		var dimErr *DimError
		if err := call.Wait(t.Context()); !errors.As(err, &dimErr) {
			t.Errorf("got %v", err)
		}
	}
}

// TestCancelledCallIsUsedAgain abandons a call and starts it again while its
// request is still in flight: the late answer belongs to nobody.
func TestCancelledCallIsUsedAgain(t *testing.T) {
	again := make(chan struct{})
	c := dial(t, small, serve(t, 3, func(p *peer) {
		late, _ := p.readScores()
		<-again
		p.writeScores(late)
		answerAll(p)
	}))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	rows, _ := rowsFrom(1, 2, 3)
	call := &Call{Dst: make([]float32, 2), Rows: rows, Done: make(chan *Call, 1)}
	c.Start(call)
	await(t, "written", func() bool { return on(c, func(l *link) bool { return l.taken == 1 }) })
	if err := call.Wait(ended); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if <-call.Done != call {
		t.Error("a cancelled call was not sent to Done")
	}
	var want []float32
	call.Rows, want = rowsFrom(30, 2, 3)
	c.Start(call)
	close(again)
	if err := call.Wait(t.Context()); err != nil || !slices.Equal(call.Dst, want) {
		t.Errorf("got %v, %v; want %v", call.Dst, err, want)
	}
}

// TestTimeoutBoundsCallsWithoutWait harvests a call from Done that its
// server never answers.
func TestTimeoutBoundsCallsWithoutWait(t *testing.T) {
	cfg := small
	cfg.Timeout = time.Millisecond
	c := dial(t, cfg, serve(t, 3, swallow))
	call := &Call{Dst: make([]float32, 1), Rows: make([]float32, 3), Done: make(chan *Call, 1)}
	for range 3 {
		c.Start(call)
		await(t, "its end", func() bool { return len(call.Done) == 1 })
		if err := (<-call.Done).Wait(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	}
}

// TestTimerFiresAfterTheAnswer has the timer fire once the answer is there: what
// it may still do must not meet the next call.
func TestTimerFiresAfterTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(completed(t, small))
		var call Call
		for _, late := range []bool{false, true} {
			f := call.prepare(c)
			f.end(nil)
			f.startTimer(time.Minute)
			if late {
				<-time.After(time.Hour)
			}
			if err := call.Wait(t.Context()); err != nil {
				t.Errorf("got %v", err)
			}
			if (call.flight != f) != late {
				t.Errorf("late %v: same flight %v", late, call.flight == f)
			}
		}
	})
}

func TestMisusePanics(t *testing.T) {
	c := dial(t, small, serve(t, 3, swallow))
	started := &Call{Dst: make([]float32, 1), Rows: make([]float32, 3)}
	c.Start(started)
	for _, misuse := range []struct {
		says string
		do   func()
	}{
		{"started again", func() { c.Start(started) }},
		{"not started", func() { new(Call).Wait(t.Context()) }},
		{"both Rows and Bytes", func() { c.Start(&Call{Rows: []float32{1}, Bytes: []byte{1}}) }},
		{"no room", func() { c.Start(&Call{Done: make(chan *Call)}) }},
	} {
		func() {
			defer func() {
				if said, _ := recover().(string); !strings.HasPrefix(said, "client: ") || !strings.Contains(said, misuse.says) {
					t.Errorf("panicked with %q, want %q", said, misuse.says)
				}
			}()
			misuse.do()
		}()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	started.Wait(ctx)
}

// TestUnavailableDoesNotAllocate: what is asked for every call in line, while a server
// is down.
func TestUnavailableDoesNotAllocate(t *testing.T) {
	c := newClient(completed(t, Config{Addrs: []string{"down:1", "up:1"}}))
	c.slots[0].failed = errors.New("refused")
	if allocs := testing.AllocsPerRun(100, func() { c.unavailable() }); allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// TestNoAllocation is the steady state of every form of a call.
func TestNoAllocation(t *testing.T) {
	addr := serve(t, 128, answerZeros)
	for _, cfg := range []Config{{}, {Timeout: time.Minute}, {Conns: 3}} {
		c := dial(t, cfg, addr, addr)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for _, vectors := range []int{1, 64, 200} {
			dst, rows, encoded := make([]float32, vectors), make([]float32, 128*vectors), make([]byte, 512*vectors)
			call := &Call{Dst: dst, Rows: rows, Done: make(chan *Call, 1)}
			for form, do := range map[string]func() error{
				"Score":      func() error { return c.Score(ctx, dst, rows) },
				"ScoreBytes": func() error { return c.ScoreBytes(ctx, dst, encoded) },
				"Start": func() error {
					c.Start(call)
					return (<-call.Done).Wait(ctx)
				},
			} {
				allocs := testing.AllocsPerRun(200, func() {
					if err := do(); err != nil {
						t.Fatal(err)
					}
				})
				if allocs > 0 && !raceEnabled {
					t.Errorf("%s of %d vectors, %+v: %v allocations", form, vectors, cfg, allocs)
				}
			}
		}
	}
}
