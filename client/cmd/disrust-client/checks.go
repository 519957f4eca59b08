package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/disrust/disrust/client"
	"github.com/disrust/disrust/client/drive"
	"github.com/disrust/disrust/client/drive/sample"
)

// smoke scores the smallest and largest requests through the client library.
func smoke(ctx context.Context, o *options, s streams) error {
	c, err := o.dial(ctx, o.client(1))
	if err != nil {
		return err
	}
	defer c.Close()
	sizes, vectors := smokeSizes(o.format.MaxVectors), 0
	for _, size := range sizes {
		if err := o.smokeOnce(ctx, c, vectors, size); err != nil {
			return err
		}
		vectors += size
	}
	fmt.Fprintf(s.text, "smoke: %s, %s, every score right\n", counted(len(sizes), "request"), counted(vectors, "vector"))
	return nil
}

func smokeSizes(most int) []int {
	sizes := []int{1, min(2, most), max(1, most-1), most}
	slices.Sort(sizes)
	return slices.Compact(sizes)
}

func (o *options) smokeOnce(ctx context.Context, c *client.Client, first, size int) error {
	ctx, cancel := context.WithTimeout(ctx, o.stall)
	defer cancel()
	rows, want := drive.Rows(first, size, o.format.Dim)
	got := make([]float32, size)
	if err := c.Score(ctx, got, rows); err != nil {
		return fmt.Errorf("request of %s: %w", counted(size, "vector"), unanswered(err))
	}
	for i := range got {
		if got[i] != want[i] {
			return fmt.Errorf("answered wrongly: score %d of %d is %v, not %v (does the server have the model sum, and the same --dim?)", i+1, size, got[i], want[i])
		}
	}
	return nil
}

// dial connects through the client library.
func (o *options) dial(ctx context.Context, cfg client.Config) (*client.Client, error) {
	c, err := client.Dial(ctx, cfg)
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = fmt.Errorf("cannot reach %s: %w", o.addr(), op.Err) // the rest of err repeats addr
	}
	return c, plain(err)
}

// unanswered adds the most likely cause to the error of a server that stayed silent or closed
// the connection: the two ends may disagree on the size of frames.
func unanswered(err error) error {
	if errors.Is(err, context.Canceled) {
		return plain(err)
	}
	return fmt.Errorf("%w (does the server have the same --dim and --max-vectors?)", plain(err))
}

// plain removes the client library's name from its errors: the tool's name stands before them
// already.
func plain(err error) error {
	if err == nil {
		return nil
	}
	if text, ok := strings.CutPrefix(err.Error(), "client: "); ok {
		return reworded{text, err}
	}
	return err
}

// reworded is an error with another text.
type reworded struct {
	text string
	err  error
}

func (r reworded) Error() string { return r.text }
func (r reworded) Unwrap() error { return r.err }

const pipelineRequests = 1000

// pipeline sends all its requests without waiting for an answer.
func pipeline(ctx context.Context, o *options, s streams) error {
	requests, err := drive.Generate(o.format, o.allSizes(), o.seed)
	if err != nil {
		return misuse{err}
	}
	total, err := drive.Run(ctx, drive.Config{
		Addr: o.addr(), Conns: 1, Window: pipelineRequests, Requests: requests, Quota: pipelineRequests, Stall: o.stall,
	})
	if err != nil {
		return err
	}
	if err := interrupted(total, pipelineRequests); err != nil {
		return err
	}
	fmt.Fprintf(s.text, "pipeline: %s, %s, every response right\n",
		counted(total.Answered, "request"), counted(total.Vectors, "vector"))
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
	requests, err := drive.Generate(o.format, o.mix, o.seed)
	if err != nil {
		return misuse{err}
	}
	cfg := o.load(requests)
	cfg.Warmup, cfg.Quota = 0, int64(o.requests)
	total, err := drive.Run(ctx, cfg)
	if err != nil {
		return err
	}
	if err := interrupted(total, 1); err != nil {
		return err
	}
	seconds := total.Length.Seconds()
	fmt.Fprintf(s.text, "bench: %s on %s in %.3f s: %.0f requests/s, every response right",
		counted(total.Answered, "request"), counted(o.conns.low, "connection"), seconds, float64(total.Answered)/seconds)
	if !total.Valid {
		fmt.Fprintf(s.text, "; %s, so the server may do more", total.Why)
	}
	fmt.Fprintln(s.text)
	return nil
}

// interrupted returns an error if a run that did not fail has fewer than least answers: it
// was interrupted.
func interrupted(total sample.Total, least int64) error {
	if total.Answered >= least {
		return nil
	}
	return fmt.Errorf("interrupted after %s, every response right", counted(total.Answered, "response"))
}

// counted returns "1 vector", "2 vectors" and so on.
func counted[N int | int64](count N, what string) string {
	if count != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", count, what)
}
