//go:build linux

package server_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// modelFunc makes a Model of a function.
type modelFunc func(rows []float32, dim int, out []float32) error

func (f modelFunc) Shape() batcher.Shape      { return batcher.Shape{Outputs: 1} }
func (f modelFunc) NewScorer() batcher.Scorer { return f }

func (f modelFunc) Score(rows []float32, dim int, out []float32) error { return f(rows, dim, out) }

// with makes a server score with f.
func with(f modelFunc) func(*server.Config) {
	return func(cfg *server.Config) {
		cfg.ModelName, cfg.Model = "test", f
	}
}

func sum(rows []float32, dim int, out []float32) error {
	for i := range out {
		out[i] = 0
		for _, feature := range rows[i*dim : (i+1)*dim] {
			out[i] += feature
		}
	}
	return nil
}

// poison, as the first feature of a row, makes a failing model fail. No Source produces it.
const poison = -1e9

var errPoison = errors.New("poisoned")

// failing returns a model that sums. When it meets poison, it leaves wrong scores in out
// and calls fail.
func failing(fail func() error) modelFunc {
	return func(rows []float32, dim int, out []float32) error {
		for i := range out {
			out[i] = -1
			if rows[i*dim] == poison {
				return fail()
			}
		}
		return sum(rows, dim, out)
	}
}

func TestModelReturnsError(t *testing.T) {
	testFailingModel(t, failing(func() error { return errPoison }))
}

func TestModelPanics(t *testing.T) {
	testFailingModel(t, failing(func() error { panic(errPoison) }))
}

// testFailingModel sends poisoned rows among good ones, on some connections. Only these
// connections end, and the answers that they get first are right.
func testFailingModel(t *testing.T, model modelFunc) {
	const poisoned, neighbours, times = 4, 8, 25
	rawtest.EachPlacement(t, with(model), func(t *testing.T, s *rawtest.Server) {
		rawtest.Check(t, rawtest.Each(poisoned+neighbours, func(client int) error {
			source := rawtest.Source{Dim: 128, Client: client}
			for range times {
				requests, answers := source.Pipeline(0, mixed(5*client, 8)...)
				serve := exchange
				if client < poisoned {
					serve = exchangePoisoned
				}
				if err := serve(s.Addr, requests, answers); err != nil {
					return err
				}
			}
			return nil
		}))
		rawtest.Until(t, "the failures are counted", func() bool { return s.Metrics().ModelFailures >= poisoned*times })
		if failures := s.Metrics().ModelFailures; failures != poisoned*times {
			t.Errorf("ModelFailures is %d, want %d", failures, poisoned*times)
		}
	})
}

// exchangePoisoned sends the requests, a poisoned one, and the requests again.
func exchangePoisoned(addr string, requests, answers []byte) error {
	c, err := rawtest.Dial(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	bad := rawtest.Source{Dim: 128}.AppendRequest(nil, 0, 3)
	binary.LittleEndian.PutUint32(bad[4+512:], math.Float32bits(poison))
	if err := c.Send(append(append(requests, bad...), requests...)); err != nil {
		return err
	}
	got, _ := io.ReadAll(c) // until EOF, or a reset if unread requests are left
	if !bytes.HasPrefix(answers, got) {
		return fmt.Errorf("got %d bytes that are not a prefix of the %d bytes of answers", len(got), len(answers))
	}
	return nil
}

// cancelling is a model that calls cancel when a scorer of it is made.
type cancelling struct {
	batcher.Model
	cancel func()
}

func (c cancelling) NewScorer() batcher.Scorer {
	c.cancel()
	return c.Model.NewScorer()
}

// TestStartGivesUp: Start gives up when its context ends before clients can connect.
func TestStartGivesUp(t *testing.T) {
	for _, placement := range []server.BatchThreads{server.Inline, server.Dedicated} {
		ctx, cancel := context.WithCancel(t.Context())
		cfg := rawtest.Config()
		cfg.IOThreads, cfg.BatchThreads = 2, placement
		rawtest.Size(&cfg)
		cfg.Model = cancelling{batcher.Sum{}, cancel}
		if _, err := server.Start(ctx, cfg); !errors.Is(err, context.Canceled) {
			t.Errorf("Start returned %v, want %v", err, context.Canceled)
		}
		if err := server.Run(ctx, cfg); err != nil {
			t.Errorf("Run returned %v", err)
		}
	}
}

// gate holds a model back while it is closed.
type gate struct {
	shut    atomic.Pointer[chan struct{}]
	waiting atomic.Int64 // calls of the model that the gate holds back
}

// close closes the gate and returns the function that opens it again.
func (g *gate) close() (open func()) {
	shut := make(chan struct{})
	g.shut.Store(&shut)
	return func() {
		g.shut.Store(nil)
		close(shut)
	}
}

func (g *gate) Score(rows []float32, dim int, out []float32) error {
	if shut := g.shut.Load(); shut != nil {
		g.waiting.Add(1)
		<-*shut
		g.waiting.Add(-1)
	}
	return sum(rows, dim, out)
}

// TestSlowModel holds the model in one batch while requests arrive on other connections.
// When the model goes on, the server answers them all.
func TestSlowModel(t *testing.T) {
	g := &gate{}
	rawtest.EachPlacement(t, with(g.Score), func(t *testing.T, s *rawtest.Server) {
		open := g.close()
		first, firstAnswers := rawtest.Source{Dim: 128, Client: 99}.Pipeline(0, 2)
		c := dial(t, s.Addr)
		rawtest.Check(t, c.Send(first))
		rawtest.Until(t, "the model is at work", func() bool { return g.waiting.Load() > 0 })

		const clients = 10
		var sent atomic.Int64
		answered := make(chan error, 1)
		go func() {
			answered <- rawtest.Each(clients, func(client int) error { return sendThenExpect(s.Addr, client, &sent) })
		}()
		rawtest.Until(t, "all requests are sent", func() bool { return sent.Load() == clients })
		open()
		rawtest.Check(t, <-answered)
		rawtest.Check(t, c.Expect(firstAnswers))
		rawtest.Check(t, c.Finish())
	})
}

// sendThenExpect sends requests, adds 1 to sent, and expects the answers. The requests fit
// the kernel's buffers, so it can send them all before the server reads any.
func sendThenExpect(addr string, client int, sent *atomic.Int64) error {
	c, err := rawtest.Dial(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	requests, answers := rawtest.Source{Dim: 128, Client: client}.Pipeline(0, mixed(40, 4)...)
	if err := c.Send(requests); err != nil {
		return err
	}
	sent.Add(1)
	if err := c.Expect(answers); err != nil {
		return err
	}
	return c.Finish()
}
