//go:build linux

package server_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/server/metrics"
)

// failingStrided is failing as a model that can score rows that do not lie side by side.
type failingStrided func() error

func (failingStrided) Shape() batcher.Shape           { return batcher.Shape{Outputs: 1} }
func (fail failingStrided) NewScorer() batcher.Scorer { return fail }

func (fail failingStrided) Score(rows []float32, dim int, out []float32) error {
	return failing(fail)(rows, dim, out)
}

func (fail failingStrided) ScoreStrided(rows []float32, dim, stride int, out []float32) error {
	for i := range out {
		out[i] = -1
	}
	for i := range out {
		if err := fail.Score(rows[i*stride:][:dim], dim, out[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

func returnPoison() error { return errPoison }

// eachModel runs test inline on one I/O thread, with two models. The strided one can score
// the rows of small requests where they lie; the packed one cannot.
func eachModel(t *testing.T, test func(t *testing.T, s *rawtest.Server, strided bool)) {
	for name, model := range map[string]batcher.Model{"strided": failingStrided(returnPoison), "packed": failing(returnPoison)} {
		inline := func(cfg *server.Config) {
			cfg.BatchThreads, cfg.IOThreads = server.Inline, 1
			cfg.Model = model
		}
		t.Run(name, func(t *testing.T) {
			rawtest.Run(t, inline, func(t *testing.T, s *rawtest.Server) { test(t, s, name == "strided") })
		})
	}
}

// TestCutAnywhere: receives end at every offset in a word, in a header and in a row. The
// requests that follow lie misaligned behind the rest of the cut request.
func TestCutAnywhere(t *testing.T) {
	const header, row, request = 4, 4 * 128, 4 + 4*128
	cuts := slices.Concat(upTo(2*header), []int{request - 1, request, request + 1, request + 2, header + row + row/2 + 3})
	eachModel(t, func(t *testing.T, s *rawtest.Server, strided bool) {
		s.TakePeaks()
		served := uint64(0)
		for client, cut := range cuts {
			source := rawtest.Source{Dim: 128, Client: client}
			sizes := slices.Concat([]int{1, 64, 1}, mixed(200, 64), []int{64, 1})
			requests, answers := source.Pipeline(0, sizes...)
			before, beforeAnswers := source.Pipeline(0, sizes[:2]...)
			cut += len(before)
			c := dial(t, s.Addr)
			rawtest.Check(t, c.Send(requests[:cut]))
			rawtest.Check(t, c.Expect(beforeAnswers)) // the server has received the first part, but perhaps not its last bytes
			rawtest.Check(t, c.Exchange(requests[cut:], answers[len(beforeAnswers):]))
			rawtest.Check(t, c.Finish())
			served += uint64(len(sizes))
		}
		wantServed(t, s, served)
		wantInPlace(t, s, strided)
	})
}

// wantServed fails the test unless the server has accepted and answered exactly this number
// of requests, without a failure of the model.
func wantServed(t *testing.T, s *rawtest.Server, requests uint64) {
	t.Helper()
	if m := s.Metrics(); m.Requests != requests || m.Answers != requests || m.ModelFailures != 0 || m.Batches == 0 {
		t.Errorf("%d requests accepted, %d answered, %d failed, in %d batches; want %d, all answered",
			m.Requests, m.Answers, m.ModelFailures, m.Batches, requests)
	}
}

// wantInPlace fails the test unless, since the peaks were last taken, the server scored all
// requests in place (want) or used the pool or the rings (!want).
func wantInPlace(t *testing.T, s *rawtest.Server, want bool) {
	t.Helper()
	if p := s.TakePeaks(); p == (metrics.Peaks{}) != want {
		t.Errorf("peaks are %+v: all requests scored in place: %v, want %v", p, !want, want)
	}
}

// TestInPlaceLeavesThePool: any model scores rows in place that lie side by side. Small
// requests are scored in place only if the model can score strided rows.
func TestInPlaceLeavesThePool(t *testing.T) {
	for name, c := range map[string]struct {
		sizes  []int
		packed bool // the packed model scores them in place too
	}{
		"small": {slices.Repeat([]int{1}, 1000), false},
		"large": {slices.Repeat([]int{64}, 50), true},
		"mixed": {mixed(300, 64), false},
	} {
		t.Run(name, func(t *testing.T) {
			eachModel(t, func(t *testing.T, s *rawtest.Server, strided bool) {
				requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, c.sizes...)
				rawtest.Check(t, exchange(s.Addr, requests, answers))
				wantServed(t, s, uint64(len(c.sizes)))
				wantInPlace(t, s, strided || c.packed)
			})
		})
	}
}

// TestVectorLargerThanAReceive: one vector is larger than a receive buffer.
func TestVectorLargerThanAReceive(t *testing.T) {
	const dim = 40_000
	huge := func(cfg *server.Config) { cfg.Dim, cfg.MaxVectors = dim, 3 }
	rawtest.EachPlacement(t, huge, func(t *testing.T, s *rawtest.Server) {
		requests, answers := rawtest.Source{Dim: dim}.Pipeline(0, 1, 2, 1, 3, 1)
		rawtest.Check(t, exchange(s.Addr, requests, answers))
	})
}

// poisonedRun is a run of requests, one of them poisoned in its last vector.
type poisonedRun struct {
	before, after int // requests of one vector before and after the poisoned one
	vectors       int // vectors of the poisoned request
	cut           int // bytes of the poisoned request in the first write; -1: one write holds all
}

// TestPoisonAnywhere: the server answers all requests before one that the model fails for,
// and none after it. Then it sends EOF.
func TestPoisonAnywhere(t *testing.T) {
	runs := map[string]poisonedRun{
		"alone":                {0, 0, 1, -1},
		"first":                {0, 99, 1, -1},
		"middle":               {50, 49, 1, -1},
		"last":                 {99, 0, 1, -1},
		"large, in the middle": {20, 20, 64, -1},
		"two, in the middle":   {50, 49, 2, -1},
	}
	for _, cut := range []int{1, 4, 7, 4 + 256, 4 + 511} {
		runs[fmt.Sprintf("cut at %d", cut)] = poisonedRun{10, 30, 1, cut}
		runs[fmt.Sprintf("of three, cut at %d", cut)] = poisonedRun{10, 30, 3, cut}
		runs[fmt.Sprintf("first, cut at %d", cut)] = poisonedRun{0, 30, 1, cut}
	}
	for name, model := range map[string]batcher.Model{
		"strided/error": failingStrided(returnPoison), "strided/panic": failingStrided(func() error { panic(errPoison) }), "packed/error": failing(returnPoison),
	} {
		t.Run(name, func(t *testing.T) {
			poisonable := func(cfg *server.Config) {
				cfg.Model = model
			}
			rawtest.EachPlacement(t, poisonable, func(t *testing.T, s *rawtest.Server) {
				for name, run := range runs {
					if err := run.play(s); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
				wantFailures(t, s, uint64(len(runs)))
			})
		})
	}
}

// wantFailures waits until the server has counted that many failures of the model: a peer
// may see EOF before the server counts.
func wantFailures(t *testing.T, s *rawtest.Server, want uint64) {
	t.Helper()
	rawtest.Until(t, "the failures are counted", func() bool { return s.Metrics().ModelFailures >= want })
	if got := s.Metrics().ModelFailures; got != want {
		t.Errorf("ModelFailures is %d, want %d", got, want)
	}
}

func (p poisonedRun) play(s *rawtest.Server) error {
	source := rawtest.Source{Dim: 128, Client: 7}
	stream, answers := source.Pipeline(0, slices.Repeat([]int{1}, p.before)...)
	first := len(stream)
	stream = source.AppendRequest(stream, p.before, p.vectors)
	binary.LittleEndian.PutUint32(stream[len(stream)-4*128:], math.Float32bits(poison))
	for i := range p.after {
		stream = source.AppendRequest(stream, p.before+1+i, 1)
	}
	answered := s.Metrics().Answers
	c, err := rawtest.Dial(s.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if p.cut >= 0 {
		if err := errors.Join(c.Send(stream[:first+p.cut]), c.Expect(answers)); err != nil {
			return err
		}
		stream, answers = stream[first+p.cut:], nil
	}
	if err := errors.Join(c.Send(stream), c.Expect(answers), c.ExpectEOF()); err != nil {
		return err
	}
	if got := s.Metrics().Answers - answered; got != uint64(p.before) {
		return fmt.Errorf("Answers grew by %d, want %d", got, p.before)
	}
	return nil
}

// TestPoisonInPlace: the server does not accept the requests that follow a failure in a run,
// and it does not use the pool to score the run again.
func TestPoisonInPlace(t *testing.T) {
	eachModel(t, func(t *testing.T, s *rawtest.Server, strided bool) {
		rawtest.Check(t, poisonedRun{before: 50, vectors: 1, after: 49, cut: -1}.play(s))
		wantFailures(t, s, 1)
		if got := s.Metrics().Requests; strided && got != 51 {
			t.Errorf("%d requests accepted, want the poisoned one and the 50 before it", got)
		}
		wantInPlace(t, s, strided)
	})
}

// TestScoringEndsAtPoison: in a run of requests that each take one call of the model, the
// server does not accept those that follow a failure.
func TestScoringEndsAtPoison(t *testing.T) {
	const requests, vectors, poisoned = 10, 8, 5
	eachModel(t, func(t *testing.T, s *rawtest.Server, strided bool) {
		source := rawtest.Source{Dim: 128}
		stream, _ := source.Pipeline(0, slices.Repeat([]int{vectors}, requests)...)
		_, answers := source.Pipeline(0, slices.Repeat([]int{vectors}, poisoned)...)
		binary.LittleEndian.PutUint32(stream[poisoned*len(stream)/requests+4:], math.Float32bits(poison))
		c := dial(t, s.Addr)
		rawtest.Check(t, errors.Join(c.Send(stream), c.Expect(answers), c.ExpectEOF(), c.Close()))
		wantFailures(t, s, 1)
		if got := s.Metrics().Requests; got != poisoned+1 {
			t.Errorf("%d requests accepted, want %d", got, poisoned+1)
		}
	})
}
