//go:build linux

package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/cost"
	"github.com/disrust/disrust/server/internal/loop"
	"github.com/disrust/disrust/wire"
)

// ErrShape says that a model cannot take the place of the served one, because what it takes or gives
// is not the same.
var ErrShape = errors.New("the model has another shape")

// ErrBusy says that some thread has not taken the new model yet, because its call of the earlier one has
// not returned. The new model is served as soon as that is over.
var ErrBusy = errors.New("a thread is still busy with the earlier model")

// ErrEnded says that the server has ended.
var ErrEnded = errors.New("the server has ended")

// Reload puts m in the place of the served model, while the server serves. m must have the same
// outputs and kind, and take rows of the same dim, or Reload returns an error that wraps
// [ErrShape]. identity is what clients learn. The name stays.
//
// Reload first does on m what [Start] does on a model, on the caller's goroutine and so with its
// priority: it asks for its shape, measures it and makes its scorers. If anything fails, the served
// model stays. Then each thread
// takes m between two batches, so a call of the model is never of two. Each peer of a version 2
// connection is told directly before the first answer that comes from m. When Reload returns nil,
// all answers come from m, and the server does not refer to the earlier model any more.
//
// Where batches are scored, and by how many threads, stays as Start has decided it.
//
// If ctx ends before the threads take m, Reload returns its cause, and the served model stays. If ctx
// ends while some thread has not taken m, because its model has not returned, Reload returns an error
// that wraps [ErrBusy] and the cause: m is served as soon as that is over. Several calls wait for each
// other.
func (s *Server) Reload(ctx context.Context, m batcher.Model, identity wire.Identity) error {
	select {
	case s.reloading <- struct{}{}:
		defer func() { <-s.reloading }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	other, err := s.judge(ctx, m, identity)
	if err != nil {
		return err
	}
	scorers := make([]batcher.Scorer, len(s.batchers))
	for i, b := range s.batchers {
		if scorers[i], err = askHere(&other, func() (batcher.Scorer, error) { return b.ScorerOf(m) }); err != nil {
			return err
		}
	}
	if err := s.awaitThreads(ctx); err != nil { // an earlier Reload may have given up waiting
		return err
	}
	if err := s.replace(&other, scorers); err != nil {
		return err
	}
	if err := s.awaitThreads(ctx); err != nil {
		if errors.Is(err, ErrEnded) {
			return err
		}
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return nil
}

// judge returns the Config of the server with m in place of the served model, or says why m may not
// be there.
func (s *Server) judge(ctx context.Context, m batcher.Model, identity wire.Identity) (Config, error) {
	other := s.config()
	if m == nil {
		return other, configError("there is no model")
	}
	served, measured := other.shape, other.cost.Rows > 0
	other.Model, other.Identity = m, identity
	shape, err := askHere(&other, func() (batcher.Shape, error) {
		shape := m.Shape()
		return shape, shape.Validate()
	})
	if err != nil {
		return other, err
	}
	if shape.Dim != 0 && shape.Dim != other.Dim || shape.Outputs != served.Outputs || shape.Kind != served.Kind {
		served.Dim = other.Dim
		return other, fmt.Errorf("%w: %s, and %s is served", ErrShape, describe(shape), describe(served))
	}
	other.shape = shape
	if _, draws := m.(batcher.Sampler); draws || measured {
		other.cost, err = askHere(&other, func() (cost.Cost, error) { return other.measureHere(ctx) })
	}
	return other, err
}

// replace makes all threads take the model of a Config, with a scorer for each batcher.
func (s *Server) replace(other *Config, scorers []batcher.Scorer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrEnded
	}
	enough := enoughRows(other.cost, other.Dim)
	if other.cost.Rows < s.cfg.cost.Rows { // there was no time for batches: the served model's say more
		enough = enoughRows(s.cfg.cost, s.cfg.Dim)
	}
	s.cfg.Model, s.cfg.Identity, s.cfg.shape, s.cfg.cost = other.Model, other.Identity, other.shape, other.cost
	s.replaced++
	news := loop.Replacement{Welcome: other.welcome(), Enough: enough}
	for _, t := range s.threads {
		t.Replace(news)
	}
	for i, b := range s.batchers {
		if err := b.Replace(scorers[i]); err != nil {
			panic("server: a batcher has not taken a model that its thread has passed: " + err.Error())
		}
	}
	if s.placement == Dedicated {
		s.requests[0].Alert()
		return nil
	}
	for _, t := range s.threads {
		t.wake.Signal() // cannot fail on an open eventfd
	}
	return nil
}

// awaitThreads waits until every thread has passed the last replacement.
func (s *Server) awaitThreads(ctx context.Context) error {
	const often = time.Millisecond
	ticks := time.NewTicker(often)
	defer ticks.Stop()
	for s.passing() {
		select {
		case <-ticks.C:
		case <-s.stopped:
			return ErrEnded
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// passing reports whether the last replacement is still under way. A batcher tells its threads of it
// before it has ended it.
func (s *Server) passing() bool {
	return slices.ContainsFunc(s.threads, func(t *thread) bool { return t.Passed() != s.replaced }) ||
		slices.ContainsFunc(s.batchers, (*batcher.Batcher).Replacing)
}

// config returns a copy of the Config that is served now.
func (s *Server) config() Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg
}
