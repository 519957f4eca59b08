//go:build linux

package main

import (
	"fmt"
	"io"
	"time"

	"github.com/disrust/disrust/server"
)

// report writes a line of metrics every interval, until w fails. The returned
// function has it write a last line and end; it does not wait long for a w that
// nobody reads.
func report(s *server.Server, w io.Writer, interval time.Duration) (finish func()) {
	const patience = time.Second
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticks := time.NewTicker(interval)
		defer ticks.Stop()
		var last server.Metrics
		for err := error(nil); err == nil; {
			select {
			case <-ticks.C:
				last, err = line(w, s, last)
			case <-quit:
				line(w, s, last)
				return
			}
		}
	}()
	return func() {
		close(quit)
		select {
		case <-done:
		case <-time.After(patience):
		}
	}
}

// line writes what happened since last, and how things stand.
func line(w io.Writer, s *server.Server, last server.Metrics) (server.Metrics, error) {
	m, peaks := s.Metrics(), s.TakePeaks()
	polls, empty := m.Batches-last.Batches, m.EmptyPolls-last.EmptyPolls
	_, err := fmt.Fprintf(w, "published=%d sent=%d req_ring_full=%d resp_ring_full=%d pool_exh=%d pool_too_large=%d "+
		"poll_events=%d poll_no_events=%d stall_pct=%.1f "+
		"req_occ=%d resp_occ=%d req_max=%d resp_max=%d pool_max_in_use=%d "+
		"io_uring=%d conns=%d accepted=%d refused=%d denied=%d closed=%d late_requests=%d idle_conns=%d accept_errors=%d "+
		"protocol_errors=%d model_failures=%d buffers_exh=%d kernel_busy=%d\n",
		m.Published-last.Published, m.Sent-last.Sent,
		m.RequestRingFull-last.RequestRingFull, m.ResponseRingFull-last.ResponseRingFull,
		m.PoolExhausted-last.PoolExhausted, m.PoolTooLarge-last.PoolTooLarge,
		polls, empty, percent(empty, polls+empty),
		m.RequestsInRing, m.ResponsesInRing, peaks.Requests, peaks.Responses, peaks.PoolInUse,
		m.IOUring, m.Conns, m.Accepted-last.Accepted, m.Refused-last.Refused, m.Denied-last.Denied, m.Closed-last.Closed,
		m.LateRequests-last.LateRequests, m.IdleConns-last.IdleConns,
		m.AcceptErrors-last.AcceptErrors, m.ProtocolErrors-last.ProtocolErrors,
		m.ModelFailures-last.ModelFailures, m.BuffersExhausted-last.BuffersExhausted, m.KernelBusy-last.KernelBusy)
	return m, err
}

func percent(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}
