//go:build linux

package server_test

import (
	"runtime"
	"runtime/metrics"
	"testing"

	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestNoGarbage: a steady run of mixed requests neither starts a garbage collection nor
// allocates. The client runs in the same process and allocates nothing either, so the
// process's own figures show this.
func TestNoGarbage(t *testing.T) {
	const (
		conns   = 4
		window  = 128 // requests per write, of mixed sizes
		rounds  = 100_000 / (conns * window)
		objects = 100 // that Go's runtime itself may allocate meanwhile
	)
	rawtest.EachPlacement(t, nil, func(t *testing.T, s *rawtest.Server) {
		pairs := make([]pair, conns)
		for i := range pairs {
			pairs[i].Client = dial(t, s.Addr)
			defer pairs[i].Close()
			pairs[i].requests, pairs[i].answers = rawtest.Source{Dim: 128, Client: i}.Pipeline(0, mixed(window, 64)...)
		}
		rawtest.Check(t, drive(pairs, 50)) // buffers grow, threads start
		runtime.GC()                       // the next one is due in two minutes, or after much garbage
		samples := newSamples()
		cycles, before := readSamples(samples)
		rawtest.Check(t, drive(pairs, rounds))
		cyclesAfter, after := readSamples(samples)

		if cyclesAfter != cycles {
			t.Errorf("%d garbage collections in %d requests, want none", cyclesAfter-cycles, rounds*conns*window)
		}
		if after-before > objects {
			t.Errorf("%d objects allocated in %d requests, want at most %d", after-before, rounds*conns*window, objects)
		}
	})
}

// pair is a connection and the bytes that go over it in one round.
type pair struct {
	*rawtest.Client
	requests, answers []byte
}

// drive sends the requests of every connection before it reads the first answer: the
// buffers between have room for a round. It allocates nothing.
func drive(pairs []pair, rounds int) error {
	for range rounds {
		for _, p := range pairs {
			if err := p.Send(p.requests); err != nil {
				return err
			}
		}
		for _, p := range pairs {
			if err := p.Expect(p.answers); err != nil {
				return err
			}
		}
	}
	return nil
}

func newSamples() []metrics.Sample {
	return []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/gc/heap/allocs:objects"}}
}

func readSamples(samples []metrics.Sample) (cycles, objects uint64) {
	metrics.Read(samples)
	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
}
