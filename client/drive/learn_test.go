package drive

import (
	"context"
	"errors"
	"math"
	"regexp"
	"slices"
	"testing"

	"github.com/disrust/disrust/wire"
	"pgregory.net/rapid"
)

// TestLearn: a server whose model is not sum is verified by what it answered before the run.
func TestLearn(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		c := config(t, serve(t, &script{model: 2, wrong: 300}))
		q, err := Generate(small, Mix{{1, 3}, {5, 2}, {9, 1}}, 1)
		if err != nil {
			t.Fatal(err)
		}
		c.Requests = q
		if c.Requests, err = Learn(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if q.by != BySum || slices.Equal(q.responses, c.Requests.responses) {
			t.Fatal("Learn has changed its argument")
		}
		total, err := c.run(t.Context(), d)
		if wrong, ok := errors.AsType[*WrongScore](err); !ok || wrong.Response != 300 || total.Answered < 299 {
			t.Fatalf("%d answered, %v", total.Answered, err)
		}
		if want := `answered wrongly: score \d of response 300 is \S+, but was \S+ before the run; of `; !regexp.MustCompile(want).MatchString(err.Error()) {
			t.Fatalf("%v, want %s", err, want)
		}
		c.Quota, c.Requests = 1000, q
		if _, err := c.run(t.Context(), d); err == nil {
			t.Fatal("the scores of another model are sums")
		}
		c.Requests = q.ByFrame()
		if total, err = c.run(t.Context(), d); err != nil || total.Answered != 1000 {
			t.Fatalf("by frame: %d answered, %v", total.Answered, err)
		}
	})
}

// TestExpect: a server whose model is not sum is verified by scores that are known.
func TestExpect(t *testing.T) {
	each(t, func(t *testing.T, d driver) {
		c := config(t, serve(t, &script{model: 2}))
		q, err := Generate(small, Mix{{1, 3}, {5, 2}, {9, 1}}, 1)
		if err != nil {
			t.Fatal(err)
		}
		c.Requests = q
		learnt, err := Learn(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		var scores []float32
		for at := 0; at < len(learnt.responses); {
			frame := small.ParseResponse(learnt.responses[at:])
			scores = append(scores, make([]float32, frame.Vectors)...)
			wire.CopyScores(scores[len(scores)-frame.Vectors:], learnt.responses[at+wire.HeaderBytes:at+frame.Bytes])
			at += frame.Bytes
		}
		if _, err := q.Expect(scores[1:]); err == nil {
			t.Error("a score is missing, and that is no error")
		}
		if c.Requests, err = q.Expect(scores); err != nil {
			t.Fatal(err)
		}
		if total, err := c.run(t.Context(), d); err != nil || total.Answered == 0 {
			t.Fatalf("%d answered, %v", total.Answered, err)
		}
		scores[0] += 1
		if c.Requests, err = q.Expect(scores); err != nil {
			t.Fatal(err)
		}
		if _, err := c.run(t.Context(), d); err == nil || !regexp.MustCompile(`score 1 of response \d+ is \S+, not \S+; of `).MatchString(err.Error()) {
			t.Errorf("%v", err)
		}
	})
}

// TestLearnEndsWithItsContext: the context ends at the first of very many responses.
func TestLearnEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := config(t, serve(t, &script{reach: 1, reached: cancel}))
	var err error
	if c.Requests, err = Replay(small, make([]byte, 1_000_000*small.RowBytes()), Uniform(1), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := Learn(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestNear(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		a, b float32
		near bool
	}{
		{0, 0.9e-5, true}, {0, 1.1e-5, false}, {1e6, 1e6 + 9, true}, {1e6, 1e6 + 11, false},
		{nan, nan, true}, {nan, 1, false}, {inf, -inf, false}, {inf, 1, false}, {-1, 1, false},
	} {
		if Near(c.a, c.b) != c.near || Near(c.b, c.a) != c.near {
			t.Errorf("%v and %v: near is %v", c.a, c.b, !c.near)
		}
	}
}

// TestRoundingIsAccepted changes drawn scores of learnt responses by rounding, or one by more,
// and feeds them to a lane in drawn pieces.
func TestRoundingIsAccepted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, err := Generate(small, drawnMix.Draw(t, "mix"), 7)
		if err != nil {
			t.Fatal(err)
		}
		q.by = ByReplay
		l := newLane(q, &meter{figures: newFigures(false)}, 0, unlimited, false)
		l.credit = int64(2 * q.Count())
		flush(&l, 0)
		says := slices.Concat(q.responses, q.responses)
		var scores []int // where the scores begin
		for at := 0; at < len(says); {
			frame := small.ParseResponse(says[at:])
			for k := wire.HeaderBytes; k < frame.Bytes; k += 4 {
				scores = append(scores, at+k)
			}
			at += frame.Bytes
		}
		for _, at := range scores {
			if rapid.IntRange(0, 3).Draw(t, "rounded") == 0 {
				says[at]++ // in the last place
			}
		}
		turned := len(says)
		if rapid.Bool().Draw(t, "lies") {
			turned = rapid.SampledFrom(scores).Draw(t, "turned")
			says[turned+3] ^= 0x80 // the sign
		}
		for from := 0; from < len(says); {
			n := rapid.IntRange(1, len(says)-from).Draw(t, "read")
			err := l.input(says[from:from+n], 0)
			from += n
			if (err != nil) != (from >= turned+4) {
				t.Fatalf("score at %d turned, %d received: %v", turned, from, err)
			}
			if err != nil {
				return
			}
		}
		if l.answered != l.credit {
			t.Fatalf("%d of %d answered", l.answered, l.credit)
		}
	})
}
