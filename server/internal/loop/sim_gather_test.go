//go:build linux

package loop

import (
	"math"
	"testing"

	"github.com/disrust/disrust/wire"
)

// TestSimGathers: a thread that scores for itself gives the model rows of several connections in one
// call, with either kind of model, and also if it fails for one of them. It does so with a strided
// model only if that gains by it.
func TestSimGathers(t *testing.T) {
	type kind struct{ strided, failing bool }
	const kinds = 4
	found := map[kind]bool{}
	for seed := uint64(1); len(found) < kinds; seed++ {
		if seed > 2000 {
			t.Fatalf("of %d kinds of calls there were only these: %v", kinds, found)
		}
		w := newWorld(seed, variety{})
		if !w.inline {
			w.thread.Close()
			continue
		}
		owners, seen := w.owners(), map[kind]bool{}
		w.noteCall = func(rows []float32, stride, count int) {
			senders, k := map[int]bool{}, kind{strided: w.strided}
			for i := range count {
				row := rows[i*stride:][:w.format.Dim]
				senders[owners[score(row, 0)]] = true
				bits := math.Float32bits(row[0])
				k.failing = k.failing || bits >= markError && bits <= markTogether
			}
			if len(senders) > 1 {
				seen[k] = true
			}
		}
		if fault := w.simulate(); fault != "" {
			t.Fatalf("seed %d: %s", seed, fault)
		}
		for k := range seen {
			if found[k] = true; w.strided && w.enough == 1 {
				t.Fatalf("seed %d: rows were gathered for a model that gains nothing", seed)
			}
		}
	}
}

// owners returns which peer sends the row with a score.
func (w *world) owners() map[float32]int {
	owners := map[float32]int{}
	for _, p := range w.peers {
		for stream := p.stream[p.helloBytes():]; ; {
			f := w.format.ParseRequest(stream)
			if f.Status != wire.Complete {
				break
			}
			rows := make([]float32, f.Vectors*w.format.Dim)
			wire.CopyRows(rows, f.Payload(stream))
			for i := range f.Vectors {
				owners[score(rows[i*w.format.Dim:][:w.format.Dim], 0)] = p.id
			}
			stream = stream[f.Bytes:]
		}
	}
	return owners
}

// helloBytes returns the size of the hello that begins s, if one does.
func (s *script) helloBytes() int {
	if s.version == 2 && len(s.ends) > 0 {
		return s.ends[0]
	}
	return 0
}
