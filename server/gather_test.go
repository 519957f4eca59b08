//go:build linux

package server_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/server/internal/testflag"
	"github.com/disrust/disrust/server/metrics"
)

// gainer is failingStrided as a model whose calls take 20 µs, however many rows they have. A call
// whose first row begins with hold waits until the test lets it go on.
type gainer struct {
	failingStrided
	held, goOn chan struct{}
}

const hold = -2e9

func newGainer() gainer {
	return gainer{returnPoison, make(chan struct{}), make(chan struct{})}
}

func (gainer) Shape() batcher.Shape        { return batcher.Sum{}.Shape() }
func (g gainer) NewScorer() batcher.Scorer { return g }

// Sample implements batcher.Sampler, so that the server measures the model.
func (gainer) Sample(rows []float32, _ int, random *rand.Rand) {
	for i := range rows {
		rows[i] = random.Float32()
	}
}

func (g gainer) Score(rows []float32, dim int, out []float32) error {
	return g.ScoreStrided(rows, dim, dim, out)
}

func (g gainer) ScoreStrided(rows []float32, dim, stride int, out []float32) error {
	for end := time.Now().Add(20 * time.Microsecond); time.Now().Before(end); {
	}
	if rows[0] == hold {
		g.held <- struct{}{}
		<-g.goOn
	}
	return g.failingStrided.ScoreStrided(rows, dim, stride, out)
}

func (g gainer) serve(cfg *server.Config) {
	cfg.BatchThreads, cfg.IOThreads, cfg.Model = server.Inline, 1, g
}

// TestGather: the rows that 200 connections send while the thread is busy are scored in a few calls.
// Rows for which the model fails fail alone, and connections that were reset meanwhile lose only
// their own answers. All others can go on.
func TestGather(t *testing.T) {
	for name, c := range map[string]struct{ poisoned, reset int }{ // every how manieth
		"well": {}, "poisoned": {poisoned: 7}, "reset": {reset: 5}, "poisoned and reset": {7, 5},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGainer()
			rawtest.Run(t, g.serve, func(t *testing.T, s *rawtest.Server) {
				crowd := newCrowd(t, s.Addr, 200)
				holder := dial(t, s.Addr)
				rawtest.Check(t, holder.Send(rowBeginning(hold)))
				<-g.held
				before := s.Metrics()
				for i, p := range crowd {
					p.poisoned, p.reset = c.poisoned > 0 && i%c.poisoned == 0, c.reset > 0 && i%c.reset == 0
					rawtest.Check(t, p.ask())
				}
				g.goOn <- struct{}{}
				rawtest.Check(t, errors.Join(holder.Receive(make([]byte, 8)), holder.Finish()))
				for _, p := range crowd {
					rawtest.Check(t, p.finish())
				}
				after := s.Metrics()
				calls, rows := after.ModelCalls-before.ModelCalls, after.Rows-before.Rows
				if c == struct{ poisoned, reset int }{} && !*testflag.Tiny && (rows != 1+2*200 || calls > 300) {
					t.Errorf("%d rows were scored in %d calls", rows, calls) // of these, 200 calls are of lone rows
				}
			})
		})
	}
}

// member is one connection of a crowd. It speaks version 2.
type member struct {
	*rawtest.Client
	source          rawtest.Source
	poisoned, reset bool
}

// newCrowd makes connections that the server has accepted.
func newCrowd(t *testing.T, addr string, count int) []*member {
	crowd := make([]*member, count)
	for i := range crowd {
		crowd[i] = &member{Client: dial(t, addr), source: rawtest.Source{Dim: 128, Client: i}}
		rawtest.Check(t, crowd[i].Exchange(anything, welcome))
	}
	return crowd
}

// ask sends a row, and breaks the connection if it is to be reset.
func (m *member) ask() error {
	requests, _ := m.source.Pipeline(0, 1)
	if m.poisoned {
		requests = rowBeginning(poison)
	}
	err := m.Send(requests)
	if m.reset {
		err = errors.Join(err, m.Reset())
	}
	return err
}

// finish expects the answer to ask, and asks once more.
func (m *member) finish() error {
	if m.reset {
		return nil
	}
	_, want := m.source.Pipeline(0, 1)
	if m.poisoned {
		want = rawtest.Failure(1, 0)
	}
	requests, answers := m.source.Pipeline(1, 1)
	return errors.Join(m.Expect(want), m.Exchange(requests, answers), m.Finish())
}

// rowBeginning returns a request of one vector whose first feature is given.
func rowBeginning(first float32) []byte {
	request := rawtest.Source{Dim: 128}.AppendRequest(nil, 0, 1)
	binary.LittleEndian.PutUint32(request[4:], math.Float32bits(first))
	return request
}

// TestGatherPipelines: a few connections with many requests of all sizes in flight, of both versions,
// get their answers in order.
func TestGatherPipelines(t *testing.T) {
	rawtest.Run(t, newGainer().serve, func(t *testing.T, s *rawtest.Server) {
		rawtest.Check(t, rawtest.Each(8, func(client int) error {
			requests, answers := rawtest.Source{Dim: 128, Client: client}.Pipeline(0, mixed(500, 64)...)
			if client%2 == 1 {
				requests, answers = append(slices.Clone(anything), requests...), append(slices.Clone(welcome), answers...)
			}
			return exchange(s.Addr, requests, answers)
		}))
		wantServed(t, s, 8*500)
	})
}

// TestOneConnectionGathers: the requests that one connection has sent while the thread was busy are
// scored in one call, also if each has several rows, and if the first completes a partial request.
func TestOneConnectionGathers(t *testing.T) {
	for name, c := range map[string]struct{ vectors, before int }{ // before: bytes that come before the hold
		"requests of two rows": {vectors: 2}, "the rest of a request first": {vectors: 1, before: 300},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGainer()
			rawtest.Run(t, g.serve, func(t *testing.T, s *rawtest.Server) {
				one, holder := dial(t, s.Addr), dial(t, s.Addr)
				source := rawtest.Source{Dim: 128}
				first, answer := source.Pipeline(0, 1)
				requests, answers := source.Pipeline(1, slices.Repeat([]int{c.vectors}, 8)...)
				rawtest.Check(t, one.Exchange(append(first, requests[:c.before]...), answer))
				rawtest.Check(t, holder.Send(rowBeginning(hold)))
				<-g.held
				before := s.Metrics()
				rawtest.Check(t, one.Send(requests[c.before:]))
				g.goOn <- struct{}{}
				rawtest.Check(t, errors.Join(holder.Receive(make([]byte, 8)), holder.Finish(), one.Expect(answers), one.Finish()))
				after := s.Metrics()
				if calls := after.ModelCalls - before.ModelCalls; calls != 2 && !*testflag.Tiny { // one is the holder's
					t.Errorf("%d rows were scored in %d calls", after.Rows-before.Rows, calls)
				}
			})
		})
	}
}

// TestLoneRowIsNotGathered: a row that has no company is scored where it was received, and so is a
// request that has enough rows.
func TestLoneRowIsNotGathered(t *testing.T) {
	rawtest.Run(t, newGainer().serve, func(t *testing.T, s *rawtest.Server) {
		c := dial(t, s.Addr)
		var inPlace [2]int
		for seq := range 50 {
			s.TakePeaks()
			requests, answers := rawtest.Source{Dim: 128}.Pipeline(seq, 1+seq%2*63)
			rawtest.Check(t, c.Exchange(requests, answers))
			if s.TakePeaks() == (metrics.Peaks{}) {
				inPlace[seq%2]++
			}
		}
		rawtest.Check(t, c.Finish())
		if inPlace[0] == 0 || inPlace[1] == 0 { // a tick may be company, but not always
			t.Errorf("%d lone rows and %d large requests were scored in place", inPlace[0], inPlace[1])
		}
		if !strings.Contains(fmt.Sprint(s.Server), "small requests gathered") {
			t.Errorf("the ready line does not say that requests are gathered: %v", s.Server)
		}
	})
}
