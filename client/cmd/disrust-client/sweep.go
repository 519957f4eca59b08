package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/knee"
	"github.com/disrust/disrust/client/cmd/disrust-client/internal/live"
	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/client/drive/sample"
	"github.com/disrust/disrust/client/tools/progress"
)

// sweep searches for the highest load that keeps the bound. When ctx ends, it shows the steps
// so far.
func sweep(ctx context.Context, o *options, s streams) error {
	out, err := o.tryFiles(s.stdout)
	if err != nil {
		return err
	}
	if err := o.agree(ctx); err != nil {
		r := o.newSweep()
		r.Errors = []string{err.Error()}
		return both(err, out.write(r))
	}
	requests, err := o.cycle()
	if err != nil {
		return err
	}
	r := o.newSweep()
	fmt.Fprintf(s.text, "%s\n%s", r.Heading(), r.Sweep.TableHead())
	failed := o.search(ctx, s, r, requests)
	fmt.Fprintf(s.text, "%s\n%s\n", r.Sweep.Legend(), r.Sweep.Conclusion())
	if failed != nil {
		r.Errors = []string{failed.Error()}
	} else if r.Sweep.Knee == nil {
		failed = errors.New("no step kept the bound")
	}
	return both(failed, out.write(r))
}

func (o *options) newSweep() *result.Run {
	r := o.newRun()
	r.Sweep = &result.Sweep{Varied: "rate", SLO: o.slo}
	if !o.conns.single() {
		r.Sweep.Varied, r.Parameters.Conns = "conns", 0
	}
	r.Parameters.Rate, r.Parameters.Duration = 0, o.step
	return r
}

// search runs step after step until it has found the knee, a step fails, or ctx ends. It drops
// a step that was cut short, unless the step failed. It runs a step that does not keep the bound
// once more, because a single pause of this machine is enough to break the bound.
func (o *options) search(ctx context.Context, s streams, r *result.Run, requests *drive.Requests) error {
	requests, err := o.expect(ctx, requests)
	if errors.Is(err, context.Canceled) {
		r.Sweep.Interrupted = true
		return nil
	}
	if err != nil {
		return err
	}
	search, again := o.newSearch(r.Sweep.Varied), false
	for load, more := search.Next(); more; load, more = search.Next() {
		cfg, asked, name := o.stepOf(r, load, requests)
		total, err := o.measureStep(ctx, s, r, cfg, &asked, name)
		if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
			r.Sweep.Interrupted = true
			return nil
		}
		r.Sweep.Add(asked, total, err)
		step := &r.Sweep.Steps[len(r.Sweep.Steps)-1]
		fmt.Fprint(s.text, r.Sweep.TableRow(step))
		if err != nil {
			return err
		}
		if again = !step.Kept && !again; !again {
			search.Tell(step.Kept, step.Total.Rate)
		}
	}
	return nil
}

func (o *options) newSearch(varied string) *knee.Search {
	if varied == "conns" {
		return knee.New(float64(o.conns.low), float64(o.conns.high), true)
	}
	return knee.New(o.rate.low, o.rate.high, false)
}

// stepOf returns the step for a load: the generator's configuration, what the result keeps of
// it, and the step's name.
func (o *options) stepOf(r *result.Run, load float64, requests *drive.Requests) (drive.Config, result.Asked, string) {
	cfg := o.load(requests)
	cfg.Duration = o.step
	name := result.Count(load) + " requests/s"
	if r.Sweep.Varied == "conns" {
		cfg.Conns, name = int(load), counted(int(load), "connection")
	} else {
		cfg.Rate = load
	}
	return cfg, result.Asked{Rate: cfg.Rate, Conns: cfg.Conns}, name
}

func (o *options) measureStep(ctx context.Context, s streams, r *result.Run, cfg drive.Config, asked *result.Asked, name string) (sample.Total, error) {
	view := live.NewStep(s.stderr, progress.IsWatched(s.stderr), name, o.step)
	defer view.Done()
	cfg.OnStart = func() { asked.Start = time.Since(r.Started) + o.warmup }
	cfg.OnInterval = view.Interval
	return o.drive(ctx, cfg)
}
