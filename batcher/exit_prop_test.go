package batcher_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher"
	"pgregory.net/rapid"
)

// TestExit draws requests, and the call in which the model ends its goroutine. Each request is
// answered exactly once and in order. Those that were answered before stay answered; the rest
// fails, and the model is not called again.
func TestExit(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		calls, last := 0, rapid.IntRange(1, 30).Draw(rt, "last call")
		model := batcher.ModelFunc(func(rows []float32, dim int, out []float32) error {
			if calls++; calls == last {
				runtime.Goexit()
			}
			for i := range out {
				if out[i] = rows[i*dim]; out[i] == poisoned {
					return errPoison
				}
			}
			return nil
		})
		const sources, dim = 2, 2
		b := setup(t, model, dim, sources, 256, rapid.IntRange(0, 16).Draw(rt, "batch rows"))
		var asked [sources][]float32 // the values of its requests
		for range rapid.IntRange(1, 40).Draw(rt, "requests") {
			i := rapid.IntRange(0, sources-1).Draw(rt, "source")
			value := rapid.SampledFrom([]float32{1, 2, 3, poisoned}).Draw(rt, "value")
			b.sources[i].ask(uint64(len(asked[i])), rapid.IntRange(1, 5).Draw(rt, "vectors"), value)
			asked[i] = append(asked[i], value)
		}
		b.requests.Close()
		exited, replaces := false, rapid.Bool().Draw(rt, "another model comes with the exit")
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			defer func() {
				if exited = b.Exited(); exited {
					if scorer, err := b.ScorerOf(model); replaces && (err != nil || b.Replace(scorer) != nil) {
						t.Error("the model is not replaced")
					}
					b.Run()
				}
			}()
			b.Run()
		}()
		<-ended
		if exited != (calls == last) || calls > last {
			rt.Fatalf("Exited is %v after %d calls, and the model exits in call %d", exited, calls, last)
		}
		for i, s := range b.sources {
			next := 0
			s.answers(func(r batcher.Response, scores []float32) {
				if r.Vectors == 0 {
					return
				}
				if int(r.Key) != next {
					rt.Fatalf("source %d: answer %d, want %d", i, r.Key, next)
				}
				want := asked[i][next]
				next++
				if r.Failed == 0 && (want == poisoned || scores[0] != want) {
					rt.Fatalf("source %d: answer %d is %v, want %v", i, r.Key, scores[0], want)
				}
				if r.Failed != 0 && want != poisoned && !exited {
					rt.Fatalf("source %d: answer %d failed", i, r.Key)
				}
			})
			if next != len(asked[i]) {
				rt.Fatalf("source %d: %d answers to %d requests", i, next, len(asked[i]))
			}
		}
		for _, f := range b.failures {
			if f.err != errPoison && !errors.Is(f.err, batcher.ErrExited) {
				rt.Fatalf("the failure is %v", f.err)
			}
		}
	})
}

// TestExitInPlace: Exited tells the caller of a method that scores in place.
func TestExitInPlace(t *testing.T) {
	b := setup(t, &apart{fault: func() error { runtime.Goexit(); return nil }}, 1, 1, 1, 0)
	for name, score := range map[string]func(){
		"ScoreInPlace": func() {
			b.ScoreInPlace([]float32{poisoned}, make([]float32, 1), batcher.Layout{Count: 1, Vectors: 1})
		},
		"ScoreApart": func() { b.ScoreApart([]float32{poisoned}, 1, make([]float32, 1)) },
	} {
		exited := make(chan bool)
		go func() {
			defer func() { exited <- b.Exited() }()
			score()
		}()
		if !<-exited {
			t.Errorf("%s: Exited is false", name)
		}
		b = setup(t, &apart{fault: func() error { runtime.Goexit(); return nil }}, 1, 1, 1, 0)
	}
}

// culprit panics, and is to be found in the stack.
func culprit() error { panic(errPoison) }

// TestPanicHasStack: the error of a panic has the stack of the model's frames.
func TestPanicHasStack(t *testing.T) {
	b := setup(t, &apart{fault: culprit}, 1, 1, 1, 0)
	b.ScoreInPlace([]float32{poisoned}, make([]float32, 1), batcher.Layout{Count: 1, Vectors: 1})
	var p *batcher.PanicError
	if len(b.failures) != 1 || !errors.As(b.failures[0].err, &p) || !strings.Contains(string(p.Stack), "batcher_test.culprit") {
		t.Fatalf("the failures are %+v, want a panic with the stack of culprit", b.failures)
	}
	if b.Exited() {
		t.Error("Exited is true after a panic")
	}
}
