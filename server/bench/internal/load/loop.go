package load

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/disrust/disrust/client/drive/sample"
)

// talk is one worker's exchange with a server. Answers come in the order of the requests.
type talk interface {
	ask(*question) error
	answer(*question) error // waits for the answer and verifies it
}

// plan is a closed loop to run.
type plan struct {
	workers   int // per connection
	depth     int // requests that a worker keeps in flight
	questions []question

	// open returns the talk of a worker on a connection. ctx ends at most Config.Stall
	// after the loop's planned end.
	open func(ctx context.Context, conn int) (talk, error)
}

// run runs the loop and returns the total of what it measured.
func (p plan) run(ctx context.Context, c Config) (sample.Total, error) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Warmup+c.Duration+c.Stall)
	defer cancel()
	group, failed := errgroup.WithContext(bounded)
	talks, err := p.openAll(failed, c.Conns)
	if err != nil {
		return sample.Total{}, err
	}
	start := time.Now()
	meters := make([]*meter, c.Conns)
	for i := range meters {
		meters[i] = &meter{begin: start.Add(c.Warmup), latency: sample.NewHistogram()}
	}
	end := start.Add(c.Warmup + c.Duration)
	running := func(now time.Time) bool { return now.Before(end) && ctx.Err() == nil && failed.Err() == nil }
	stop := c.watch()
	for i, t := range talks {
		w := worker{talk: t, plan: &p, meter: meters[i/p.workers], next: i * len(p.questions) / len(talks)}
		group.Go(func() error {
			if err := w.work(running); err != nil {
				return fmt.Errorf("connection %d: %w", i/p.workers+1, err)
			}
			return nil
		})
	}
	err = group.Wait()
	stop()
	return total(meters, c.Vectors), err
}

// openAll opens the talks of all workers, connection by connection.
func (p plan) openAll(ctx context.Context, conns int) ([]talk, error) {
	talks := make([]talk, 0, conns*p.workers)
	for i := range conns * p.workers {
		t, err := p.open(ctx, i/p.workers)
		if err != nil {
			return nil, err
		}
		talks = append(talks, t)
	}
	return talks, nil
}

// worker is one goroutine of a loop.
type worker struct {
	talk
	*plan
	*meter
	next, due int         // questions of the cycle: the next to ask, the next to be answered
	asked     []time.Time // when the requests in flight were sent; a ring
}

// work sends requests and awaits answers until running returns false. Then it awaits the
// answers to the requests in flight.
func (w *worker) work(running func(time.Time) bool) error {
	w.asked = make([]time.Time, 0, w.depth)
	w.due = w.next
	now := time.Now()
	for range w.depth {
		w.asked = append(w.asked, now)
		if err := w.ask(w.take(&w.next)); err != nil {
			return err
		}
	}
	for flying, oldest := w.depth, 0; flying > 0; oldest = (oldest + 1) % w.depth {
		if err := w.answer(w.take(&w.due)); err != nil {
			return err
		}
		now = time.Now()
		w.record(w.asked[oldest], now)
		if !running(now) {
			flying--
			continue
		}
		w.asked[oldest] = now
		if err := w.ask(w.take(&w.next)); err != nil {
			return err
		}
	}
	return nil
}

// take returns the question at *at and moves *at to the next one.
func (w *worker) take(at *int) *question {
	q := &w.questions[*at]
	*at = (*at + 1) % len(w.questions)
	return q
}
