//go:build linux

package server_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/server"
	"github.com/disrust/disrust/server/internal/rawtest"
	"github.com/disrust/disrust/server/metrics"
	"github.com/disrust/disrust/wire"
)

func stagesOf(s *rawtest.Server) *metrics.Stages {
	stages := new(metrics.Stages)
	s.Stages(stages)
	return stages
}

// TestStages: on every backend and in every placement each answered request counts once in each stage, the stages
// together are the whole, and bytes and vectors are what clients sent and got.
func TestStages(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		const conns, rounds = 3, 20
		sizes := mixed(60, 64)
		vectors := 0
		for _, n := range sizes {
			vectors += n
		}
		received, sent := 0, 0
		for client := range conns {
			c := dial(t, s.Addr)
			requests, answers := rawtest.Source{Dim: 128, Client: client}.Pipeline(0, sizes...)
			for range rounds {
				rawtest.Check(t, c.Send(requests))
				rawtest.Check(t, c.Expect(answers))
				received, sent = received+len(requests), sent+len(answers)
			}
			c.Close()
		}
		want := uint64(conns * rounds * len(sizes))
		rawtest.Until(t, "all requests and vectors count", func() bool {
			stages := stagesOf(s)
			return stages.Whole.Count() == want && stages.BatchVectors.Sum == float64(conns*rounds*vectors)
		})
		stages, sum := stagesOf(s), 0.0
		for i := range stages.Stage {
			if n := stages.Stage[i].Count(); n != want {
				t.Errorf("%d requests in the stage %s, want %d", n, metrics.Stage(i), want)
			}
			sum += stages.Stage[i].Sum
		}
		if sum == 0 || sum != stages.Whole.Sum {
			t.Errorf("the stages took %v, and all together %v", sum, stages.Whole.Sum)
		}
		m := s.Metrics()
		if m.Vectors != uint64(conns*rounds*vectors) || m.ReceivedBytes != uint64(received) || m.SentBytes != uint64(sent) {
			t.Errorf("%d vectors, %d bytes received and %d sent, want %d, %d and %d", m.Vectors, m.ReceivedBytes, m.SentBytes, conns*rounds*vectors, received, sent)
		}
	})
}

// TestThreadTimes: the times of each thread fill the time since the start, never shrink, and an idle server's threads sleep. They
// may add up to more for a while: what a thread does now may turn out to be what it does next.
func TestThreadTimes(t *testing.T) {
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		last := s.ThreadTimes()
		want := s.IOThreads
		if s.About().BatchThreads == server.Dedicated {
			want++
		}
		if len(last) != want || last[0].Thread != "io-0" || (want > s.IOThreads) != (last[want-1].Thread == "batch") {
			t.Fatalf("threads: %+v", last)
		}
		follow := func() []metrics.ThreadTime {
			before := time.Since(s.About().Started)
			now := s.ThreadTimes()
			after := time.Since(s.About().Started)
			for i, n := range now {
				l, all := last[i], n.Working+n.Polling+n.Asleep
				if n.Working < l.Working || n.Polling < l.Polling || n.Asleep < l.Asleep || all < before || max(n.Working, n.Polling, n.Asleep) > after {
					t.Fatalf("%+v after %+v, between %v and %v", n, l, before, after)
				}
			}
			last = now
			return now
		}
		c := dial(t, s.Addr)
		requests, answers := rawtest.Source{Dim: 128}.Pipeline(0, mixed(20, 64)...)
		for range 50 {
			rawtest.Check(t, c.Send(requests))
			rawtest.Check(t, c.Expect(answers))
			follow()
		}
		c.Close()
		busy := follow()
		rawtest.Until(t, "all threads sleep for longer than they work", func() bool {
			for i, n := range follow() {
				if n.Asleep-busy[i].Asleep <= n.Working-busy[i].Working+time.Millisecond {
					return false
				}
			}
			return true
		})
	})
}

// copies is a model whose score is the only feature. For rows that begin with hold it takes until the time in it.
type copies struct{ until atomic.Int64 }

func (m *copies) score(rows []float32, _ int, out []float32) error {
	for rows[0] == hold && time.Now().UnixNano() < m.until.Load() {
	}
	copy(out, rows)
	return nil
}

// TestSlow: a read that takes longer than all others is among the slow ones, with the stage that took the time, its size
// and its peer. There is none before there are enough reads.
func TestSlow(t *testing.T) {
	model := new(copies)
	rawtest.EachPlacement(t, func(cfg *server.Config) { cfg.Dim, cfg.Model = 1, batcher.ModelFunc(model.score) }, func(t *testing.T, s *rawtest.Server) {
		if slow := s.Slow(); len(slow) != 0 {
			t.Fatalf("slow before the first read: %+v", slow)
		}
		c := dial(t, s.Addr)
		defer c.Close()
		ask := func(value float32) {
			rawtest.Check(t, c.Send(wire.AppendRequest(nil, 1, []float32{value})))
			rawtest.Check(t, c.Expect(wire.AppendResponse(nil, 1, []float32{value})))
		}
		for range 2000 {
			ask(1)
		}
		longest := time.Duration(4*stagesOf(s).Whole.Quantile(1)) + time.Millisecond
		model.until.Store(time.Now().Add(longest).UnixNano())
		ask(hold)
		find := func() (found metrics.Slow, ok bool) {
			for _, slow := range s.Slow() {
				if slow.Stage[metrics.Score] >= longest/2 {
					return slow, true
				}
			}
			return found, false
		}
		rawtest.Until(t, "the slow read is kept", func() bool { _, ok := find(); return ok })
		slow, _ := find()
		if slow.Requests != 1 || slow.Vectors != 1 || slow.Peer.String() != "127.0.0.1" || slow.Connection == 0 || slow.Whole() < longest/2 {
			t.Errorf("%+v", slow)
		}
		all := s.Slow()
		for i := 1; i < len(all); i++ {
			if all[i].When.After(all[i-1].When) {
				t.Errorf("slow reads are not in order: %v before %v", all[i-1].When, all[i].When)
			}
		}
	})
}
