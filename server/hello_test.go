//go:build linux

package server_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/wire"
)

// anything is a hello that accepts any server.
var anything = rawtest.Hello(0, 0, 0, 0, "")

// welcome is what a server with the defaults answers.
var welcome = rawtest.Welcome(0, 128, 1, 1, 64, "sum", "")

// TestHello: requests may follow a hello without waiting. The welcome comes first, and then the
// answers. Connections of both versions are served at once.
func TestHello(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		rawtest.Check(t, rawtest.Each(8, func(client int) error {
			requests, answers := rawtest.Source{Dim: 128, Client: client}.Pipeline(0, mixed(300, 64)...)
			if client%2 == 1 {
				requests, answers = append(slices.Clone(anything), requests...), append(slices.Clone(welcome), answers...)
			}
			return exchange(s.Addr, requests, answers)
		}))
		if n := s.Metrics().Hellos; n != 4 {
			t.Errorf("%d hellos were counted, want 4", n)
		}
	})
}

// TestHelloInPieces: a hello arrives byte by byte, with a body longer than known, and so do the
// requests after it.
func TestHelloInPieces(t *testing.T) {
	long := slices.Clone(rawtest.Hello(128, 1, 1, 64, "sum"))
	long = append(long, bytes.Repeat([]byte{0xff}, 1024)...)
	binary.LittleEndian.PutUint16(long[6:], uint16(len(long)-8))
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, 1, 2)
		for _, hello := range [][]byte{anything, long} {
			c := dial(t, s.Addr)
			rawtest.Check(t, c.SendBytes(append(slices.Clone(hello), requests...)))
			rawtest.Check(t, c.Expect(append(slices.Clone(welcome), answers...)))
			rawtest.Check(t, c.Finish())
		}
	})
}

// TestHelloRefused: the welcome says why, and FIN follows it while the peer goes on sending. A
// refusal concerns its connection alone, and the log says who expected what.
func TestHelloRefused(t *testing.T) {
	var log logged
	tweak := func(cfg *server.Config) { cfg.Log = slog.New(slog.NewTextHandler(&log, nil)) }
	rawtest.EachPlacement(t, tweak, func(t *testing.T, s *rawtest.Server) {
		log.reset()
		for _, refused := range []struct {
			hello  []byte
			status uint16
			says   string
		}{
			{rawtest.Hello(30, 0, 0, 0, ""), 2, "the client expects dim 30, the model has dim 128"},
			{rawtest.Hello(0, 3, 2, 0, ""), 3, "the client expects 3 scores per vector, the model gives 1"},
			{rawtest.Hello(128, 1, 1, 65, ""), 4, "the client sends up to 65 vectors per request, the server allows 64"},
			{rawtest.Hello(0, 0, 0, 64, "fraud"), 5, `the client expects the model "fraud", the server has "sum"`},
			{rawtest.Hello(0, 0, 2, 0, "sum"), 7, "the client expects scores of the kind prob, the model gives raw"},
			{append([]byte("DIS2\x01\x00\x04\x00"), 0, 0, 0, 0), 1, "a hello of version 1: this server speaks version 2, and version 1 without a hello"},
			{append([]byte("DIS2\x02\x00\x10\x00"), make([]byte, 16)...), 8, "a hello with a body of 16 bytes does not hold its fields"},
		} {
			c := dial(t, s.Addr)
			requests, _ := rawtest.Source{Dim: 128}.Pipeline(0, mixed(100, 64)...)
			rawtest.Check(t, c.Send(append(slices.Clone(refused.hello), requests...)))
			rawtest.Check(t, c.Expect(rawtest.Welcome(refused.status, 128, 1, 1, 64, "sum", refused.says)))
			rawtest.Check(t, c.ExpectEOF())
			rawtest.Check(t, c.Close())
		}
		rawtest.Until(t, "seven refusals are counted", func() bool { return s.Metrics().RefusedHellos == 7 })
		want := `peer=127.0.0.1 refusal="the client expects dim 30, the model has dim 128"`
		rawtest.Until(t, "the log names the peer", func() bool { return strings.Contains(log.String(), want) })
	})
}

// logged is a log that a test reads.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logged) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}

// TestViolationIsLogged: the log says what was seen, what is allowed, and what the peer may be.
func TestViolationIsLogged(t *testing.T) {
	var log logged
	tweak := func(cfg *server.Config) { cfg.Log = slog.New(slog.NewTextHandler(&log, nil)) }
	rawtest.EachPlacement(t, tweak, func(t *testing.T, s *rawtest.Server) {
		log.reset()
		c := dial(t, s.Addr)
		rawtest.Check(t, c.Send([]byte("GET / HTTP/1.1\r\nHost: scores\r\n\r\n")))
		rawtest.Check(t, errors.Join(c.ExpectEOF(), c.Close()))
		rawtest.Until(t, "the log guesses", func() bool { return strings.Contains(log.String(), "looks like HTTP") })
	})
}

// TestCountDenied: the failure that names the count comes after all answers, and FIN after it. A
// second hello is such a count.
func TestCountDenied(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		for _, bad := range [][]byte{rawtest.Header(0), rawtest.Header(65), rawtest.Header(math.MaxUint32), anything} {
			requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, mixed(100, 64)...)
			c := dial(t, s.Addr)
			rawtest.Check(t, c.Exchange(
				slices.Concat(anything, requests, bad, requests),
				slices.Concat(welcome, answers, rawtest.Failure(3, binary.LittleEndian.Uint32(bad)))))
			rawtest.Check(t, errors.Join(c.ExpectEOF(), c.Close()))
		}
	})
}

// TestFailuresInPlace: requests for which the model fails are answered with a failure that
// names the row. The requests around them, on the same connection and on others, get their
// answers.
func TestFailuresInPlace(t *testing.T) {
	const times = 20
	for name, fault := range map[string]struct {
		fail func() error
		code uint32
	}{
		"error": {returnPoison, 1},
		"panic": {func() error { panic(errPoison) }, 2},
	} {
		for kind, model := range map[string]batcher.Model{"strided": failingStrided(fault.fail), "packed": failing(fault.fail)} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				rawtest.EachPlacement(t, func(cfg *server.Config) { cfg.Model, cfg.ModelName = model, "test" }, func(t *testing.T, s *rawtest.Server) {
					rawtest.Check(t, rawtest.Each(8, func(client int) error {
						requests, answers := anything, rawtest.Welcome(0, 128, 1, 0, 64, "test", "")
						source := rawtest.Source{Dim: 128, Client: client}
						for i := range times {
							good, scores := source.Pipeline(10*i, mixed(1+i%5, 8)...)
							requests, answers = slices.Concat(requests, good), slices.Concat(answers, scores)
							vectors, row := 1+i%3, i%(1+i%3)
							bad := source.AppendRequest(nil, 10*i+9, vectors)
							binary.LittleEndian.PutUint32(bad[4+512*row:], math.Float32bits(poison))
							for range 1 + i%3 {
								requests, answers = append(requests, bad...), append(answers, rawtest.Failure(fault.code, uint32(row))...)
							}
						}
						return exchange(s.Addr, requests, answers)
					}))
				})
			})
		}
	}
}

// TestAlwaysFailing: a model that fails for every row is called at most three times per
// request, however many arrive at once.
func TestAlwaysFailing(t *testing.T) {
	const count = 2000
	var calls atomic.Int64
	model := batcher.ModelFunc(func([]float32, int, []float32) error { calls.Add(1); return errPoison })
	tweak := func(cfg *server.Config) { cfg.Model = model }
	rawtest.EachPlacement(t, tweak, func(t *testing.T, s *rawtest.Server) {
		calls.Store(0)
		requests, _ := rawtest.Source{Dim: 128}.Pipeline(0, slices.Repeat([]int{1}, count)...)
		answers := slices.Concat(rawtest.Welcome(0, 128, 1, 0, 64, "sum", ""), bytes.Repeat(rawtest.Failure(1, 0), count))
		rawtest.Check(t, exchange(s.Addr, append(slices.Clone(anything), requests...), answers))
		if n := calls.Load(); n > 3*count {
			t.Errorf("%d calls for %d requests", n, count)
		}
	})
}

// TestGoingAway: a drain tells the peers of version 2 connections. What they send until their
// FIN is answered.
func TestGoingAway(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		var peers [4]*rawtest.Client
		for i := range peers {
			peers[i] = dial(t, s.Addr)
			rawtest.Check(t, errors.Join(peers[i].Send(anything), peers[i].Expect(welcome)))
		}
		half := dial(t, s.Addr)
		rawtest.Check(t, half.Send(anything[:len(anything)-1]))
		rawtest.Until(t, "half a hello has arrived", func() bool { return s.Metrics().Conns == 5 && s.Metrics().BlocksInUse > 0 })
		ended := shutdown(s)
		for i, c := range peers {
			rawtest.Check(t, c.Expect(rawtest.GoingAway()))
			requests, answers := rawtest.Source{Dim: 128, Client: i}.Pipeline(0, mixed(100, 64)...)
			rawtest.Check(t, c.Exchange(requests, answers))
			rawtest.Check(t, c.Finish())
		}
		rawtest.Check(t, half.Send(anything[len(anything)-1:]))
		rawtest.Check(t, half.Expect(append(slices.Clone(welcome), rawtest.GoingAway()...)))
		select {
		case err := <-ended:
			t.Fatalf("the drain did not wait for the last FIN: %v", err)
		default:
		}
		rawtest.Check(t, half.Finish())
		rawtest.Check(t, <-ended)
	})
}

// TestGoingAwayIgnored: when the drain's time is over, a peer that has all its answers and has
// not half-closed gets FIN, and no answer is lost.
func TestGoingAwayIgnored(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		c := dial(t, s.Addr)
		rawtest.Check(t, errors.Join(c.Send(anything), c.Expect(welcome)))
		ctx, cancel := context.WithCancel(context.Background())
		s.Ended = true
		ended := make(chan error, 1)
		go func() { ended <- s.Shutdown(ctx) }()
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, 1)
		rawtest.Check(t, c.Expect(rawtest.GoingAway()))
		rawtest.Check(t, errors.Join(c.Send(requests), c.Expect(answers)))
		cancel()
		rawtest.Check(t, errors.Join(c.ExpectEOF(), c.Close()))
		rawtest.Check(t, <-ended)
	})
}

// wide is a model with several outputs: the sum of the row times 1, 2 and so on. It counts its
// scorers.
type wide struct {
	dim, outputs int
	packed       bool
	scorers      *atomic.Int64
}

func (w wide) Shape() batcher.Shape {
	return batcher.Shape{Dim: w.dim, Outputs: w.outputs, Kind: wire.Prob}
}

func (w wide) NewScorer() batcher.Scorer {
	w.scorers.Add(1)
	if w.packed {
		return packedScorer{w}
	}
	return w
}

// packedScorer hides ScoreStrided.
type packedScorer struct{ w wide }

func (p packedScorer) Score(rows []float32, dim int, out []float32) error {
	return p.w.Score(rows, dim, out)
}

func (w wide) Score(rows []float32, dim int, out []float32) error {
	return w.ScoreStrided(rows, dim, dim, out)
}

func (w wide) ScoreStrided(rows []float32, dim, stride int, out []float32) error {
	var sums [1]float32
	for i := range len(out) / w.outputs {
		if err := sum(rows[i*stride:][:dim], dim, sums[:]); err != nil {
			return err
		}
		for k := range w.outputs {
			out[i*w.outputs+k] = sums[0] * float32(k+1)
		}
	}
	return nil
}

// TestOutputs: models with several scores per vector, in both versions. The dim is the model's.
func TestOutputs(t *testing.T) {
	for _, shape := range []struct{ dim, outputs, vectors int }{{128, 3, 64}, {4, 1, 64}, {2, 300, 8}, {1, 5000, 64}} {
		for _, packed := range []bool{false, true} {
			t.Run(fmt.Sprintf("dim=%d/outputs=%d/packed=%v", shape.dim, shape.outputs, packed), func(t *testing.T) {
				model := wide{shape.dim, shape.outputs, packed, new(atomic.Int64)}
				tweak := func(cfg *server.Config) {
					cfg.Model, cfg.MaxVectors = model, shape.vectors
					cfg.PoolBytes = 3 * 4 * shape.vectors * max(shape.dim, shape.outputs) // of three of the largest requests
				}
				rawtest.EachPlacement(t, tweak, func(t *testing.T, s *rawtest.Server) {
					rawtest.Check(t, rawtest.Each(4, func(client int) error {
						requests, answers := model.pipeline(client, mixed(40, shape.vectors))
						if client%2 == 1 {
							hello := rawtest.Hello(uint32(shape.dim), uint32(shape.outputs), 2, uint32(shape.vectors), "sum")
							requests = append(hello, requests...)
							answers = append(rawtest.Welcome(0, uint32(shape.dim), uint32(shape.outputs), 2, uint32(shape.vectors), "sum", ""), answers...)
						}
						return exchange(s.Addr, requests, answers)
					}))
				})
			})
		}
	}
}

// pipeline is Source.Pipeline for several outputs.
func (w wide) pipeline(client int, sizes []int) (requests, answers []byte) {
	source := rawtest.Source{Dim: w.dim, Client: client}
	for i, vectors := range sizes {
		requests = source.AppendRequest(requests, i, vectors)
		answers = append(answers, rawtest.Header(uint32(vectors))...)
		for row := range vectors {
			for k := range w.outputs {
				answers = binary.LittleEndian.AppendUint32(answers, math.Float32bits(source.Score(i, row)*float32(k+1)))
			}
		}
	}
	return requests, answers
}

// TestOneModel: all threads share the model, and each has one scorer.
func TestOneModel(t *testing.T) {
	scorers := new(atomic.Int64)
	for placement, want := range map[server.BatchThreads]int64{server.Inline: 8, server.Dedicated: 1} {
		scorers.Store(0)
		s := rawtest.Start(t, func(cfg *server.Config) {
			cfg.IOThreads, cfg.BatchThreads, cfg.Model = 8, placement, wide{8, 2, false, scorers}
		})
		if n := scorers.Load(); n != want {
			t.Errorf("placement %v: %d scorers, want %d", placement, n, want)
		}
		s.Stop(t)
	}
}

// TestIdentity: the welcome says which model it is, and its name.
func TestIdentity(t *testing.T) {
	tweak := func(cfg *server.Config) { cfg.ModelName, cfg.Identity = "fraud", wire.Identity{0: 1, 31: 0xff} }
	rawtest.Run(t, tweak, func(t *testing.T, s *rawtest.Server) {
		want := rawtest.Welcome(0, 128, 1, 1, 64, "fraud", "")
		want[28], want[28+31] = 1, 0xff
		c := dial(t, s.Addr)
		rawtest.Check(t, errors.Join(c.Send(anything), c.Expect(want), c.Finish()))
	})
}

// TestLateHello: a peer that does not finish its hello within the request timeout gets FIN. A
// hello may take longer than one tick.
func TestLateHello(t *testing.T) {
	tweak := func(cfg *server.Config) { cfg.RequestTimeout = 100 * time.Millisecond }
	rawtest.EachPlacement(t, tweak, func(t *testing.T, s *rawtest.Server) {
		longer := slices.Clone(anything)
		binary.LittleEndian.PutUint16(longer[6:], 2000) // of a body that does not come
		for _, part := range [][]byte{anything[:5], anything[:len(anything)-1], longer} {
			c := dial(t, s.Addr)
			rawtest.Check(t, c.Send(part))
			rawtest.Check(t, errors.Join(c.ExpectEOF(), c.Close()))
		}
		rawtest.Until(t, "three late requests are counted", func() bool { return s.Metrics().LateRequests == 3 })
	})
}
