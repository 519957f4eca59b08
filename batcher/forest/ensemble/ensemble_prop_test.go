package ensemble

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/kernel"
	"pgregory.net/rapid"
)

// TestEngine compares the engine, with every kernel, with a plain walk, for random forests with
// hostile thresholds and rows, and for every way to hand the rows over.
func TestEngine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkEngine(t, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))
	})
}

func FuzzEngine(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkEngine(t, rand.New(rand.NewPCG(seed, 0))) })
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func checkEngine(t failer, r *rand.Rand) {
	var record Record
	c := anyConfig(r)
	c.Record = &record
	builders := []*Builder{}
	measured := r.IntN(16) == 0 // which takes long
	for _, k := range kernels() {
		if k.forced == nil && !measured {
			continue
		}
		k.set(&c)
		b, err := NewBuilder(c)
		if err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		builders, c.Record = append(builders, b), nil
	}
	trees := r.IntN(20)
	if r.IntN(8) == 0 {
		trees = 200 // more parts than lanes, and more nodes than a block goes through in one go
	}
	deep := r.IntN(12) == 0 // trees that are too large for marks, and nothing else
	if deep {
		trees = 1 + r.IntN(40)
	}
	linear := !deep && r.IntN(3) == 0
	oblivious, all := false, !deep && r.IntN(3) == 0
	leaves := func() int {
		if deep {
			return fewLeaves + 1 + r.IntN(200)
		}
		return anyLeaves(r)
	}
	for i := range trees {
		tree := anyTree(r, &c, leaves(), !deep && r.IntN(4) == 0)
		if !linear {
			tree.Linear = nil
		}
		if !deep && r.IntN(20) == 0 {
			oblivious = !oblivious // for some trees
		}
		if oblivious || all {
			tree = anyOblivious(r, &c)
		}
		for _, b := range builders {
			if err := b.Add(tree); err != nil {
				t.Fatalf("tree %d: %v", i, err)
			}
		}
	}
	count := 1 + r.IntN(200)
	if deep {
		count = 1 + r.IntN(600) // more than go through a packed tree together
	}
	rows := anyRows(r, count, c.Dim)
	outputs := c.shape().Outputs
	want := make([]float32, count*outputs)
	for i := range count {
		record.Answer(plainSums(&record, rows[i*c.Dim:(i+1)*c.Dim]), want[i*outputs:(i+1)*outputs])
	}
	for _, b := range builders {
		checkSplits(t, r, b.Build(), rows, want)
	}
}

// way is one to score rows.
type way struct {
	kind kernel.Kind
	*forced
}

func (w way) set(c *Config) { c.Kernel, c.forced = w.kind, w.forced }

func (w way) String() string {
	switch {
	case w.forced == nil:
		return fmt.Sprintf("%v by a plan", w.kind)
	case w.twin:
		return fmt.Sprintf("twin, method %d", w.method)
	case w.method == together:
		return w.kind.String() + ", gathers"
	case w.method == ranked:
		return w.kind.String() + ", rows"
	case w.method == marked:
		return w.kind.String()
	case w.method == blocked && w.kind > kernel.Portable:
		return w.kind.String() + ", blocks"
	case w.method == blocked:
		return "blocks"
	}
	return "rows"
}

var (
	twin    = way{kernel.Portable, &forced{marked, true}}
	twinRow = way{kernel.Portable, &forced{ranked, true}}
)

// kernels returns all ways that this processor has.
func kernels() []way {
	all := []way{{kernel.Portable, &forced{method: alone}}, {kernel.Portable, &forced{method: blocked}}, twin, twinRow, {kernel.Auto, nil}}
	for _, k := range kernel.All()[1:] {
		all = append(all, way{k, &forced{method: alone}}, way{k, &forced{method: together}}, way{k, &forced{method: blocked}}, way{k, &forced{method: marked}}, way{k, &forced{method: ranked}})
	}
	return all
}

// anyLeaves returns how many leaves a tree has: mostly few, sometimes too many for a vector kernel.
func anyLeaves(r *rand.Rand) int {
	switch r.IntN(32) {
	case 0:
		return 1 + r.IntN(300)
	case 1:
		return 257 + r.IntN(300)
	}
	return 1 + r.IntN(40)
}

// plainSums returns the sums of row x, tree after tree.
func plainSums(r *Record, x []float32) []float64 {
	sums := make([]float64, r.Config.Groups)
	for g := range sums {
		sums[g] = r.Start(g)
	}
	for i := range r.Trees {
		_, leaf := r.Path(nil, i, x)
		g := r.Trees[i].Group
		sums[g] = r.Add(sums[g], r.Value(i, leaf, x))
	}
	return sums
}

// checkSplits scores the rows in parts of random sizes, shuffled, and with other data between
// them. Each must have the bits of want.
func checkSplits(t failer, r *rand.Rand, m *Model, rows, want []float32) {
	t.Helper()
	dim, outputs := m.Shape().Dim, m.Shape().Outputs
	count := len(want) / outputs
	order := r.Perm(count)
	if r.IntN(2) == 0 {
		slices.Sort(order)
	}
	stride := dim + r.IntN(3)
	apart := anyRows(r, count+8, stride)[r.IntN(8):] // at any place of a cache line
	for at, i := range order {
		copy(apart[at*stride:], rows[i*dim:(i+1)*dim])
	}
	got := make([]float32, len(want))
	s := m.NewScorer().(batcher.StridedScorer)
	for from := 0; from < count; {
		part := min(1+r.IntN(max(200, count)), count-from)
		if r.IntN(2) == 0 {
			part = min(1+r.IntN(9), count-from)
		}
		if err := s.ScoreStrided(apart[from*stride:(from+part-1)*stride+dim], dim, stride, got[from*outputs:(from+part)*outputs]); err != nil {
			t.Fatalf("%v", err)
		}
		from += part
	}
	for at, i := range order {
		g, w := got[at*outputs:(at+1)*outputs], want[i*outputs:(i+1)*outputs]
		if !slices.EqualFunc(g, w, sameBits) {
			t.Fatalf("%v: row %d, place %d: %s, want %s", way{m.config.Kernel, m.config.forced}, i, at, fmt.Sprint(g), fmt.Sprint(w))
		}
	}
}

// sameBits compares floats bit by bit, except that all NaN are the same.
func sameBits(a, b float32) bool {
	return a != a && b != b || math.Float32bits(a) == math.Float32bits(b)
}
