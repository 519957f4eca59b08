package oip

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
)

// scoring scores rows with the scorers of whatever model is served. Any goroutine may use it.
type scoring struct {
	turns chan struct{} // as many as goroutines that score at once
	idle  sync.Pool     // of *scorer; a garbage collection drops those of a model that is not served any more
	log   *slog.Logger
}

// scorer belongs to one goroutine at a time.
type scorer struct {
	batcher.Scorer
	generation uint32 // of its model
}

func newScoring(turns int, log *slog.Logger) *scoring {
	return &scoring{turns: make(chan struct{}, turns), log: log}
}

// score writes the scores of rows to out: MaxVectors rows at a time. Between two parts it returns ctx's error
// if ctx has ended. It returns when the model has: until then rows and out are the model's.
//
// The model runs on a goroutine of its own, because it may end the goroutine that calls it.
func (s *scoring) score(ctx context.Context, m *server.Served, rows, out []float32) error {
	select {
	case s.turns <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	ended := make(chan error, 1)
	go func() {
		err := error(batcher.ErrExited)
		defer func() {
			if p := recover(); p != nil {
				err = &batcher.PanicError{Value: p, Stack: debug.Stack()}
			}
			<-s.turns
			ended <- err
		}()
		err = s.parts(ctx, m, rows, out)
	}()
	err := <-ended
	if err == nil || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return err
	}
	attrs := []any{"error", err.Error(), "rows", len(out) / m.Format.Outputs}
	if p, panicked := errors.AsType[*batcher.PanicError](err); panicked {
		attrs = append(attrs, "stack", string(p.Stack))
	}
	s.log.Error("the model failed for a request of the Open Inference Protocol", attrs...)
	return failf(failed, "the model failed for this request")
}

// parts scores rows part by part. A scorer that fails or panics is not used again.
func (s *scoring) parts(ctx context.Context, m *server.Served, rows, out []float32) error {
	own, _ := s.idle.Get().(*scorer)
	if own == nil || own.generation != m.Generation {
		own = &scorer{m.Model.NewScorer(), m.Generation}
	}
	f := m.Format
	for len(out) > 0 {
		if err := ctx.Err(); err != nil {
			s.idle.Put(own)
			return err
		}
		n := min(f.MaxVectors, len(out)/f.Outputs)
		if err := own.Score(rows[:n*f.Dim:n*f.Dim], f.Dim, out[:n*f.Outputs:n*f.Outputs]); err != nil {
			return err
		}
		rows, out = rows[n*f.Dim:], out[n*f.Outputs:]
	}
	s.idle.Put(own)
	return nil
}
