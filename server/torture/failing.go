//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"syscall"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server"
)

// failingCommand is the first argument of the process that stands in for the daemon in rounds
// with failing rows: the daemon's own models never fail.
const failingCommand = "failing"

// failing is the model sum, but it fails for rows that carry a mark.
type failing struct{ batcher.Sum }

// A mark is the value of a row's second feature. No other row has it.
const (
	errorMark = float32(3e30) // the model returns an error
	panicMark = float32(4e30) // the model panics
)

var errMarked = errors.New("a marked row")

// NewScorer implements batcher.Model.
func (f failing) NewScorer() batcher.Scorer { return f }

// Score implements batcher.Scorer.
func (f failing) Score(rows []float32, dim int, out []float32) error {
	return f.ScoreStrided(rows, dim, dim, out)
}

// ScoreStrided implements batcher.StridedScorer.
func (f failing) ScoreStrided(rows []float32, dim, stride int, out []float32) error {
	for i := range out {
		switch rows[i*stride+1] {
		case errorMark:
			return errMarked
		case panicMark:
			panic(errMarked)
		}
	}
	return f.Sum.ScoreStrided(rows, dim, stride, out)
}

// failingMain is the process with the failing model, as far as torture needs the daemon.
func failingMain(args []string, stderr io.Writer) int {
	cfg, allowed := server.DefaultConfig(), &server.Allowed
	cfg.Model = failing{}
	backends := []flags.Option[server.IO]{{Name: "auto", Value: server.IOAuto}, {Name: "uring", Value: server.IOUring}, {Name: "epoll", Value: server.IOEpoll}}
	batchThreads := []flags.Option[server.BatchThreads]{{Name: "0", Value: server.Inline}, {Name: "1", Value: server.Dedicated}}
	_, err := flags.List{
		flags.New("port", flags.Int(&cfg.Port, allowed.Port.Low, allowed.Port.High), ""),
		flags.New("max-conns", flags.Int(&cfg.MaxConns, allowed.MaxConns.Low, allowed.MaxConns.High), ""),
		flags.New("request-timeout", flags.Duration(&cfg.RequestTimeout, allowed.RequestTimeout.Low, allowed.RequestTimeout.High), ""),
		flags.New("drain-timeout", flags.Duration(&cfg.DrainTimeout, allowed.DrainTimeout.Low, allowed.DrainTimeout.High), ""),
		flags.New("io", flags.Choice(&cfg.IO, "auto", backends...), ""),
		flags.New("batch-threads", flags.Choice(&cfg.BatchThreads, "0", batchThreads...), ""),
		flags.New("io-threads", flags.Int(&cfg.IOThreads, allowed.IOThreads.Low, allowed.IOThreads.High), ""),
		flags.New("pool-mib", flags.Scaled(&cfg.PoolBytes, 1<<20, 1, allowed.PoolBytes.High>>20), ""),
		flags.New("request-ring", flags.PowerOfTwo(&cfg.RequestRing, allowed.RequestRing.Low, allowed.RequestRing.High), ""),
		flags.New("response-ring", flags.PowerOfTwo(&cfg.ResponseRing, allowed.ResponseRing.Low, allowed.ResponseRing.High), ""),
	}.Parse(args)
	if err == nil {
		err = serveFailing(cfg, stderr)
	}
	if err != nil {
		flags.Complain(stderr, "disrust", err)
		return flags.StatusFailed
	}
	return 0
}

// serveFailing serves until SIGTERM, and drains.
func serveFailing(cfg server.Config, stderr io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s, err := server.Start(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "disrust: ready on %s\n", s)
	<-ctx.Done()
	drain, cancel := context.WithTimeout(context.Background(), cfg.DrainTimeout)
	defer cancel()
	return s.Shutdown(drain)
}
