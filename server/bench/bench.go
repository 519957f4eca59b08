//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/disrust/disrust/client/tools/machine"
	"github.com/disrust/disrust/server/bench/internal/load"
	"github.com/disrust/disrust/server/bench/internal/peer"
	"github.com/disrust/disrust/server/bench/internal/result"
)

// peakRounds is how many times the first peer's peak is measured for rate:half.
const peakRounds = 3

// bench is a benchmark that runs.
type bench struct {
	options
	programs string              // folder of the built servers
	lines    map[string][]string // the command line of each peer
	sample   *load.Sample        // nil: the model sum
	progress io.Writer           // gets a line for each run
	report   result.Report
}

// newBench builds the servers that take part. The caller must close the bench.
func newBench(o options, command string, progress io.Writer) (*bench, error) {
	b := &bench{options: o, progress: progress, lines: map[string][]string{}, report: result.Report{
		Command: command, Started: time.Now(), Machine: machine.This(),
		Rounds: o.rounds, Warmup: o.warmup, Duration: o.duration, Notes: notes, Runs: []result.Run{}, Failures: []result.Failure{},
	}}
	for _, w := range o.works {
		b.report.Works = append(b.report.Works, result.Named{Name: w.String(), Text: w.describe()})
	}
	if o.model != "" {
		var err error
		if b.sample, err = models(o.model).sample(); err != nil {
			return nil, err
		}
		b.report.PerRow = true
	}
	if err := b.prepare(); err != nil {
		b.close()
		return nil, err
	}
	b.report.Peers = named(b.peers)
	return b, nil
}

func (b *bench) close() { os.RemoveAll(b.programs) }

// run does all works. It stops when ctx ends, or when disrust or the first peer fails; what
// was measured before is in the report. If other peers failed, it returns their errors at the
// end.
func (b *bench) run(ctx context.Context) error {
	for _, w := range b.works {
		err := b.rounds(ctx, w)
		if ctx.Err() != nil {
			b.report.Ended = "interrupted"
			break
		}
		if err != nil {
			b.report.Ended = err.Error()
			return err
		}
	}
	return b.failures()
}

// failures returns an error with a line for each row that failed, or nil.
func (b *bench) failures() error {
	var errs []error
	for _, row := range b.report.Rows() {
		if row.Failed > 0 {
			errs = append(errs, fmt.Errorf("%s, %s: %s", row.Work, row.Peer, row.Failure()))
		}
	}
	return errors.Join(errs...)
}

// rounds gives each contender its turns at one work.
func (b *bench) rounds(ctx context.Context, w work) error {
	name := w.String()
	if w.rate == half {
		top, err := b.peak(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		w.rate = top / 2
	}
	for round := range b.options.rounds {
		for _, c := range order(b.peers, round) {
			if w.rate > 0 && !c.threads {
				continue
			}
			run, err := b.measure(ctx, c, w)
			if ctx.Err() != nil {
				return nil // an interrupted run does not count
			}
			if err != nil {
				if err := b.failed(c, name, round+1, err); err != nil {
					return err
				}
				continue
			}
			run.Work, run.Round = name, round+1
			b.report.Runs = append(b.report.Runs, run)
			fmt.Fprintf(b.progress, "%s round %d of %d: %s %.0f requests/s\n", name, round+1, b.options.rounds, c.name, run.Rate)
		}
	}
	return nil
}

// failed records that a contender failed. It returns an error if the contender is the first
// peer, without which there is nothing to compare with, or disrust, without which there is
// nothing to measure.
func (b *bench) failed(c contender, work string, round int, why error) error {
	b.report.Failures = append(b.report.Failures, result.Failure{Work: work, Peer: c.name, Round: round, Why: oneLine(why)})
	err := fmt.Errorf("%s, round %d: %s: %s", work, round, c.name, oneLine(why))
	if c.name == b.peers[0].name || c.command == peer.Daemon {
		return err
	}
	fmt.Fprintf(b.progress, "%s FAILED, the others go on: %v\n", c.name, err)
	return nil
}

// oneLine returns err's text on one line, for a row of the table.
func oneLine(err error) string {
	return strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")
}

// peak returns how many requests per second the first peer answers in a closed loop, over as
// many connections as an open loop has.
func (b *bench) peak(ctx context.Context) (float64, error) {
	var rates []float64
	for range peakRounds {
		run, err := b.measure(ctx, b.peers[0], peak)
		if ctx.Err() != nil {
			return 1, nil
		}
		if err != nil {
			return 0, fmt.Errorf("peak: %s: %s", b.peers[0].name, oneLine(err))
		}
		rates = append(rates, run.Rate)
	}
	top := result.NewSpread(rates).Median
	fmt.Fprintf(b.progress, "peak of %s: %.0f requests/s\n", b.peers[0].name, top)
	return top, nil
}
