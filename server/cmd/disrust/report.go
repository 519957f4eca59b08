//go:build linux

package main

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/cmd/disrust/internal/reload"
	"github.com/disrust/disrust/server/metrics"
)

// counted is what a server, its reloads and other ports have measured.
type counted struct {
	*server.Server
	reloads *reload.Reloader
	ports   *bridge
}

func (c counted) Metrics() metrics.Snapshot {
	m := c.Server.Metrics()
	c.reloads.Count(&m.Counters)
	c.ports.Count(&m.Counters)
	return m
}

// report writes a line of metrics every interval, until w fails: then the log says so, and the
// server goes on. finish writes a last line and ends the report. If no process reads w, finish
// gives up after a second.
func report(s counted, w io.Writer, l *lineLog, interval time.Duration) (finish func()) {
	const finishTimeout = time.Second
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticks := time.NewTicker(interval)
		defer ticks.Stop()
		var last metrics.Snapshot
		var err error
		for more := true; more && err == nil; {
			select {
			case <-ticks.C:
			case <-quit:
				more = false
			}
			last, err = line(w, s, last)
		}
		if err != nil {
			l.say(slog.LevelWarn, fmt.Sprintf("the metrics end here: %v", err))
		}
	}()
	return func() {
		close(quit)
		select {
		case <-done:
		case <-time.After(finishTimeout):
		}
	}
}

// line writes one line of metrics: counts since last, and gauges as they are now. It returns
// the new snapshot.
func line(w io.Writer, s counted, last metrics.Snapshot) (metrics.Snapshot, error) {
	now := s.Metrics()
	_, err := fmt.Fprintln(w, metrics.Line(now, last, s.TakePeaks()))
	return now, err
}
