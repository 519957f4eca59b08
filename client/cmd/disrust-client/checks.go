package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/disrust/disrust/client/cmd/disrust-client/internal/result"
	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/client/drive/sample"
)

// smoke sends requests of the smallest and largest sizes, one after the other.
func smoke(ctx context.Context, o *options, s streams) error {
	if err := o.agree(ctx); err != nil {
		return err
	}
	if o.protocol > 1 {
		fmt.Fprintf(s.text, "smoke: %s\n", result.ModelOf(o.server))
	}
	requests, err := drive.Sequence(o.format, smokeSizes(o.format.MaxVectors)...)
	if err != nil {
		return misuse{err}
	}
	total, err := o.check(ctx, requests, 1, int64(requests.Count()))
	if err != nil {
		return err
	}
	fmt.Fprintf(s.text, "smoke: %s, %s, %s\n",
		counted(total.Answered, "request"), counted(total.Vectors, "vector"), o.verified())
	return nil
}

// check sends a number of requests over one connection, with up to window in flight.
func (o *options) check(ctx context.Context, requests *drive.Requests, window int, count int64) (sample.Total, error) {
	requests, err := o.expect(ctx, requests)
	if err != nil {
		return sample.Total{}, err
	}
	total, err := o.drive(ctx, drive.Config{
		Addr: o.addr(), Hello: o.protocol > 1, Conns: 1, Window: window, Requests: requests, Quota: count, Stall: o.stall,
	})
	if err != nil {
		return total, err
	}
	return total, o.interrupted(total, count)
}

func smokeSizes(most int) []int {
	sizes := []int{1, min(2, most), max(1, most-1), most}
	slices.Sort(sizes)
	return slices.Compact(sizes)
}

const pipelineRequests = 1000

// pipeline sends all its requests without waiting for an answer.
func pipeline(ctx context.Context, o *options, s streams) error {
	if err := o.agree(ctx); err != nil {
		return err
	}
	requests, err := drive.Generate(o.format, o.allSizes(), o.seed)
	if err != nil {
		return misuse{err}
	}
	total, err := o.check(ctx, requests, pipelineRequests, pipelineRequests)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.text, "pipeline: %s, %s, %s\n",
		counted(total.Answered, "request"), counted(total.Vectors, "vector"), o.verified())
	return nil
}

// allSizes returns a mix of up to 64 sizes between the smallest and the largest. It leaves out
// sizes that would make the cycle of requests too large.
func (o *options) allSizes() drive.Mix {
	const sizes, maxBytes = 64, 1 << 20
	most := max(1, min(o.format.MaxVectors, maxBytes/o.format.RowBytes()))
	var mix drive.Mix
	for i := range min(sizes, most) {
		mix = append(mix, drive.Share{Vectors: (i + 1) * most / min(sizes, most), Weight: 1})
	}
	return mix
}

// bench measures a closed loop: each answer lets the next request go.
func bench(ctx context.Context, o *options, s streams) error {
	if err := o.agree(ctx); err != nil {
		return err
	}
	requests, err := drive.Generate(o.format, o.mix, o.seed)
	if err != nil {
		return misuse{err}
	}
	if requests, err = o.expect(ctx, requests); err != nil {
		return err
	}
	cfg := o.load(requests)
	cfg.Warmup, cfg.Quota = 0, int64(o.requests)
	total, err := o.drive(ctx, cfg)
	if err != nil {
		return err
	}
	if err := o.interrupted(total, 1); err != nil {
		return err
	}
	seconds := total.Length.Seconds()
	fmt.Fprintf(s.text, "bench: %s on %s in %.3f s: %.0f requests/s, %s",
		counted(total.Answered, "request"), counted(o.conns.low, "connection"), seconds, float64(total.Answered)/seconds, o.verified())
	if !total.Valid {
		fmt.Fprintf(s.text, "; %s, so the server may do more", total.Why)
	}
	fmt.Fprintln(s.text)
	return nil
}

// interrupted returns an error if a run that did not fail has fewer than least answers: it
// was interrupted.
func (o *options) interrupted(total sample.Total, least int64) error {
	if total.Answered >= least {
		return nil
	}
	return fmt.Errorf("interrupted after %s, %s", counted(total.Answered, "response"), o.verified())
}

// counted returns "1 vector", "2 vectors" and so on.
func counted[N int | int64](count N, what string) string {
	if count != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", count, what)
}
