//go:build linux

package server_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"weak"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/wire"
)

// numbered is the sum, with its number added to each score. Every second one wants packed rows.
type numbered struct {
	number float32
	_      [64]byte // so that it shares its memory with nothing: Go packs tiny objects together
}

func (m *numbered) Shape() batcher.Shape { return batcher.Shape{Outputs: 1} }

func (m *numbered) NewScorer() batcher.Scorer {
	if int(m.number)%2 == 1 {
		return packed{m}
	}
	return m
}

func (m *numbered) Score(rows []float32, dim int, out []float32) error {
	return m.ScoreStrided(rows, dim, dim, out)
}

func (m *numbered) ScoreStrided(rows []float32, dim, stride int, out []float32) error {
	for i := range out {
		out[i] = 0
		for _, feature := range rows[i*stride:][:dim] {
			out[i] += feature
		}
		out[i] += m.number
	}
	return nil
}

type packed struct{ batcher.Scorer }

func servesNumbered(cfg *server.Config) { cfg.Model, cfg.Identity = &numbered{}, identityOf(0) }

func identityOf(number int) wire.Identity { return wire.Identity{31: byte(number)} }

// reload makes s serve model number.
func reload(t testing.TB, s *rawtest.Server, number int) {
	t.Helper()
	if err := s.Reload(t.Context(), &numbered{number: float32(number)}, identityOf(number)); err != nil {
		t.Fatal(err)
	}
}

// TestReload: under load, each answer comes from the model that its connection was told last, and
// once Reload has returned, from the newest. A connection of version 1 sees no older model after a
// newer one. A connection that asks nothing gets no notice, and one that comes later is welcomed by
// the newest.
func TestReload(t *testing.T) {
	rawtest.EachPlacement(t, servesNumbered, func(t *testing.T, s *rawtest.Server) {
		const models = 20
		quiet := dial(t, s.Addr)
		rawtest.Check(t, quiet.Send(anything))
		first := make([]byte, len(welcomeBy(0)))
		rawtest.Check(t, quiet.Receive(first))
		var served atomic.Int32 // Reload has returned for it
		var ended atomic.Bool
		done := make(chan error, 1)
		go func() {
			done <- rawtest.Each(6, func(client int) error {
				return follow(s.Addr, client, 1+client%2, &served, &ended)
			})
		}()
		for number := 1; number <= models; number++ {
			reload(t, s, number)
			served.Store(int32(number))
			answered := s.Metrics().Answers
			rawtest.Until(t, "answers of the model", func() bool { return s.Metrics().Answers > answered+100 || len(done) > 0 })
		}
		ended.Store(true)
		rawtest.Check(t, <-done)
		source := rawtest.Source{Dim: 128}
		rawtest.Check(t, quiet.Send(source.AppendRequest(nil, 0, 1)))
		rawtest.Check(t, quiet.Expect(answerOf(models, noticeOf(models), source.AppendAnswer(nil, 0, 1))))
		rawtest.Check(t, quiet.Finish())
		late := dial(t, s.Addr)
		rawtest.Check(t, late.Send(append(slices.Clone(anything), source.AppendRequest(nil, 0, 2)...)))
		rawtest.Check(t, late.Expect(answerOf(models, welcomeBy(models), source.AppendAnswer(nil, 0, 2))))
		rawtest.Check(t, late.Finish())
	})
}

// follow asks in bursts until ended, and checks the answers. It knows the newest model that the
// server has said it serves, before each burst.
func follow(addr string, client, version int, served *atomic.Int32, ended *atomic.Bool) error {
	c, err := rawtest.Dial(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	source, model := rawtest.Source{Dim: 128, Client: client}, 0
	if version == 2 {
		b := make([]byte, len(welcomeBy(0)))
		if err := errors.Join(c.Send(anything), c.Receive(b)); err != nil {
			return err
		}
		for slices.Compare(b, welcomeBy(model)) != 0 {
			if model++; model > 255 {
				return fmt.Errorf("a welcome by no model: % x", b)
			}
		}
	}
	for seq := 0; !ended.Load(); {
		sizes := mixed(1+seq%40, 64)
		newest := int(served.Load())
		requests, answers := source.Pipeline(seq, sizes...)
		if err := c.Send(requests); err != nil {
			return err
		}
		seq += len(sizes)
		for _, vectors := range sizes {
			answer := make([]byte, 4+4*vectors)
			if err := c.Receive(answer[:4]); err != nil {
				return err
			}
			if version == 2 && slices.Compare(answer[:4], noticeOf(0)[:4]) == 0 {
				rest := make([]byte, len(noticeOf(0))-4)
				if err := c.Receive(rest); err != nil {
					return err
				}
				told := int(rest[len(rest)-1])
				if told <= model {
					return fmt.Errorf("told of model %d after model %d", told, model)
				}
				model = told
				if err := c.Receive(answer[:4]); err != nil {
					return err
				}
			}
			if err := c.Receive(answer[4:]); err != nil {
				return err
			}
			want := answers[:len(answer)]
			answers = answers[len(answer):]
			if version == 1 { // infer the model: scores below 2^22 are whole numbers
				model = max(model, int(score(answer)-score(want)))
			}
			if err := rawtest.Compare(answer, answerOf(model, nil, want)); err != nil {
				return fmt.Errorf("version %d, model %d: %w", version, model, err)
			}
			if model < newest {
				return fmt.Errorf("version %d: an answer of model %d after Reload had put %d in place", version, model, newest)
			}
		}
	}
	return c.Finish()
}

func score(answer []byte) float32 {
	return math.Float32frombits(binary.LittleEndian.Uint32(answer[4:]))
}

// answerOf returns before and then a model's answer, which differs from the sum's by its number.
func answerOf(model int, before, sums []byte) []byte {
	b := append(slices.Clone(before), sums...)
	for i := len(before) + 4; i < len(b); i += 4 {
		sum := math.Float32frombits(binary.LittleEndian.Uint32(b[i:]))
		binary.LittleEndian.PutUint32(b[i:], math.Float32bits(sum+float32(model)))
	}
	return b
}

func welcomeBy(model int) []byte {
	const identityAt = 28
	b, id := rawtest.Welcome(0, 128, 1, 0, 64, "sum", ""), identityOf(model)
	copy(b[identityAt:], id[:])
	return b
}

func noticeOf(model int) []byte {
	id := identityOf(model)
	return wire.AppendNotice(nil, wire.AnotherModel, id[:])
}

// TestReloadRefused: the served model stays if the other one does not fit or fails.
func TestReloadRefused(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		for _, refused := range []struct {
			model batcher.Model
			shape bool
			says  string
		}{
			{nil, false, "there is no model"},
			{shaped{batcher.Shape{Outputs: 2, Kind: wire.Raw}}, true, "any dim, 2 outputs (raw), and dim 128, 1 output (raw) is served"},
			{shaped{batcher.Shape{Outputs: 1, Kind: wire.Prob}}, true, "any dim, 1 output (prob), and dim 128"},
			{shaped{batcher.Shape{Dim: 127, Outputs: 1, Kind: wire.Raw}}, true, "dim 127, 1 output (raw), and dim 128"},
			{shaped{batcher.Shape{Dim: -1, Outputs: 1, Kind: wire.Raw}}, false, "a model of dim -1"},
			{shaped{batcher.Shape{Outputs: 1, Kind: wire.Raw}}, false, "returned no Scorer"},
			{panicking{}, false, "the model panicked: at its shape"},
		} {
			err := s.Reload(t.Context(), refused.model, wire.Identity{})
			if err == nil || errors.Is(err, server.ErrShape) != refused.shape || !strings.Contains(err.Error(), refused.says) {
				t.Errorf("%+v: %v, want %q", refused.model, err, refused.says)
			}
		}
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, mixed(20, 64)...)
		rawtest.Check(t, exchange(s.Addr, requests, answers))
	})
}

// shaped has a shape and no scorer.
type shaped struct{ shape batcher.Shape }

func (m shaped) Shape() batcher.Shape    { return m.shape }
func (shaped) NewScorer() batcher.Scorer { return nil }

type panicking struct{ shaped }

func (panicking) Shape() batcher.Shape { panic("at its shape") }

// TestReloadOfABusyModel: Reload gives up when its context ends while a thread is in a call of the
// served model, and says so. The other model is served after that call, and Reload goes on working.
func TestReloadOfABusyModel(t *testing.T) {
	entered, leave := make(chan bool), make(chan bool)
	var busy atomic.Bool
	slow := modelFunc(func(rows []float32, dim int, out []float32) error {
		if busy.CompareAndSwap(true, false) {
			entered <- true
			<-leave
		}
		return sum(rows, dim, out)
	})
	rawtest.EachPlacement(t, with(slow), func(t *testing.T, s *rawtest.Server) {
		busy.Store(true)
		c := dial(t, s.Addr)
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, 3)
		rawtest.Check(t, c.Send(requests))
		<-entered
		ctx, cancel := context.WithCancel(t.Context())
		reloaded := make(chan error)
		go func() { reloaded <- s.Reload(ctx, &numbered{number: 1}, identityOf(1)) }()
		rawtest.Until(t, "the server has the other model", func() bool { return s.About().Identity == identityOf(1) })
		cancel()
		if err := <-reloaded; !errors.Is(err, context.Canceled) || !errors.Is(err, server.ErrBusy) {
			t.Errorf("%v, want that a thread is busy", err)
		}
		if err := s.Reload(ctx, &numbered{number: 2}, identityOf(2)); !errors.Is(err, context.Canceled) || errors.Is(err, server.ErrBusy) {
			t.Errorf("%v, want the end of the context alone", err)
		}
		leave <- true
		rawtest.Check(t, c.Expect(answers))
		rawtest.Check(t, c.Exchange(requests, answerOf(1, nil, answers)))
		reload(t, s, 3)
		rawtest.Check(t, c.Exchange(requests, answerOf(3, nil, answers)))
		rawtest.Check(t, c.Finish())
	})
}

// TestReloadLetsGo: after a Reload nothing refers to the earlier model, in an idle server too.
func TestReloadLetsGo(t *testing.T) {
	rawtest.EachPlacement(t, servesNumbered, func(t *testing.T, s *rawtest.Server) {
		m := &numbered{number: 1}
		earlier := weak.Make(m)
		if err := s.Reload(t.Context(), m, identityOf(1)); err != nil {
			t.Fatal(err)
		}
		m = nil
		reload(t, s, 2)
		rawtest.Until(t, "the earlier model is collected", func() bool { runtime.GC(); return earlier.Value() == nil })
	})
}

// TestReloadAtTheEnd: Reload races the end of the server, and calls race each other. Each either
// puts its model in place or says that the server has ended.
func TestReloadAtTheEnd(t *testing.T) {
	rawtest.EachPlacement(t, servesNumbered, func(t *testing.T, s *rawtest.Server) {
		s.Ended = true
		ended := make(chan error)
		for i := range 4 {
			go func() {
				for number := 0; ; number++ {
					if err := s.Reload(t.Context(), &numbered{number: float32(number)}, identityOf(i)); err != nil {
						ended <- err
						return
					}
				}
			}()
		}
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, 1)
		c := dial(t, s.Addr)
		for range 50 {
			rawtest.Check(t, c.Send(requests))
			rawtest.Check(t, c.Receive(make([]byte, len(answers))))
		}
		rawtest.Check(t, c.Finish())
		rawtest.Check(t, s.Shutdown(t.Context()))
		for range 4 {
			if err := <-ended; !errors.Is(err, server.ErrEnded) {
				t.Errorf("%v, want ErrEnded", err)
			}
		}
	})
}
