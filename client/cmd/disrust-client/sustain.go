package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/live"
	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/client/tools/progress"
)

// sustain measures latencies. When ctx ends, it ends early with the summary.
func sustain(ctx context.Context, o *options, s streams) error {
	out, err := o.tryFiles(s.stdout)
	if err != nil {
		return err
	}
	var requests *drive.Requests
	failed := o.agree(ctx)
	if failed == nil {
		if requests, err = o.cycle(); err != nil {
			return err
		}
	}
	r, total := o.newRun(), sample.Total{Valid: true}
	if failed == nil {
		total, failed = o.measure(ctx, s, r, requests)
	}
	r.Total = result.NewTotal(total)
	wrong := verdict(total, failed)
	if failed != nil || total.Requests == 0 {
		r.Errors = []string{wrong.Error()}
	}
	if total.Length > 0 {
		o.conclude(s, r, failed == nil && total.Requests > 0)
	}
	return both(wrong, out.write(r))
}

// measure drives the server. It shows each second and keeps it in r.
func (o *options) measure(ctx context.Context, s streams, r *result.Run, requests *drive.Requests) (sample.Total, error) {
	requests, err := o.expect(ctx, requests)
	if err != nil {
		return sample.Total{Valid: true}, err
	}
	var view *live.View
	cfg := o.load(requests)
	cfg.Duration, cfg.Reconnect = o.duration, o.reconnect
	cfg.OnStart = func() {
		r.Started = time.Now()
		view = live.New(s.text, s.stderr, progress.IsWatched(s.stderr), o.duration, o.reconnect)
	}
	cfg.OnInterval = func(i sample.Interval) {
		view.Interval(i)
		r.AddInterval(i)
	}
	total, err := o.drive(ctx, cfg)
	if view != nil {
		view.Done()
	}
	return total, err
}

func (o *options) conclude(s streams, r *result.Run, right bool) {
	fmt.Fprintln(s.text)
	_ = r.WriteText(s.text) // s.text keeps the error
	if right {
		fmt.Fprintln(s.text, o.verified())
	}
}

// verdict returns what is wrong with a run, or nil. A closed loop in which the generator was
// the bottleneck is not wrong: it shows what the server can do at least.
func verdict(total sample.Total, failed error) error {
	switch {
	case failed != nil:
		return failed
	case total.Requests == 0:
		return errors.New("nothing was measured: the run ended before the first answer after its warm-up")
	case !total.Valid && total.Lag != nil:
		return fmt.Errorf("the run is not valid: %s", total.Why)
	}
	return nil
}
