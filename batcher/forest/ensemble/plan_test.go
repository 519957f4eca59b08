package ensemble

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/disrust/disrust/batcher/forest/ensemble/internal/marks"
	"github.com/disrust/disrust/batcher/kernel"
	"github.com/disrust/disrust/wire"
	"pgregory.net/rapid"
)

// TestChoose: no way to cut some rows into steps is faster than the plan, whatever the methods take; and
// each step is one of a method that scores so many rows.
func TestChoose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := new(times)
		for m := range times {
			most := rapid.SampledFrom([]int{1, 0, 8, 64, 256}).Draw(t, "most")
			if method(m) == alone {
				most = 1
			}
			for i, size := range sizes {
				if size <= most {
					times[m][i] = time.Duration(rapid.IntRange(1, 1000).Draw(t, "time"))
				}
			}
		}
		p := times.choose()
		for rows := 1; rows <= marks.Rows; rows++ {
			cost := func(plan func(int) step) (all time.Duration) {
				for left := rows; left > 0; {
					do := plan(left)
					at, _ := slices.BinarySearch(sizes[:], int(do.count))
					if do.count == 0 || int(do.count) > left || times[do.method][at] == 0 {
						t.Fatalf("%d rows: a step %+v", left, do)
					}
					all += times[do.method][at]
					left -= int(do.count)
				}
				return all
			}
			planned := cost(func(left int) step { return p[left] })
			for m := range methods {
				most := 0
				for i, size := range sizes {
					if times[m][i] > 0 {
						most = size
					}
				}
				if most == 0 {
					continue
				}
				if other := cost(func(left int) step { return step{m, uint16(min(left, most))} }); other < planned {
					t.Fatalf("%d rows take %d as planned, and %d by method %d alone", rows, planned, other, m)
				}
			}
		}
		many := p.first(1000)
		rate := func(of method, size int) float64 {
			at, _ := slices.BinarySearch(sizes[:], size)
			return float64(times[of][at]) / float64(size)
		}
		for m := range methods {
			for _, size := range sizes {
				if r := rate(m, size); r > 0 && r < rate(many.method, int(many.count)) {
					t.Fatalf("of many rows %+v are first, and %d by method %d take less each", many, size, m)
				}
			}
		}
	})
}

// TestChooseBlindly: a plan without a clock has the vector kernels.
func TestChooseBlindly(t *testing.T) {
	times := new(times)
	for m, most := range [methods]int{1, 1, 64, 1, 64} {
		for i, size := range sizes {
			if size <= most {
				times[m][i] = 1
			}
		}
	}
	p := times.choose()
	for _, c := range []struct {
		rows int
		want step
	}{{1, step{marked, 1}}, {2, step{marked, 2}}, {64, step{marked, 64}}, {1000, step{marked, 64}}} {
		if do := p.first(c.rows); do != c.want {
			t.Errorf("%d rows: %+v, want %+v", c.rows, do, c.want)
		}
	}
}

// TestDescribe: what a plan says to people.
func TestDescribe(t *testing.T) {
	mixed := func(first, end int) plan {
		p := only(alone, 1)
		for rows := first; rows < end; rows++ {
			p[rows] = step{marked, uint16(min(rows, marks.Rows))}
		}
		return p
	}
	for _, c := range []struct {
		plan plan
		want string
	}{
		{only(alone, 1), "walk"},
		{only(blocked, 64), "walk"},
		{only(marked, 64), "avx2"},
		{mixed(2, 66), "walk for 1 row, avx2 from 2 rows"},
		{mixed(1, 9), "avx2 up to 16 rows, walk from 17 rows"}, // half of 16 are the first 8, after 8 others
		{mixed(8, 9), "walk up to 7 rows, avx2 for 8 to 16, walk from 17 rows"},
		{mixed(4, 5), "walk up to 3 rows, avx2 for 4 to 8, walk from 9 rows"},
	} {
		if got := c.plan.describe("avx2"); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestPlan: a model that is measured has a plan for each number of rows, and one that has no other way
// takes row by row.
func TestPlan(t *testing.T) {
	m := withKernel(t, way{kind: kernel.Auto}, 128, slices.Repeat([]int{31}, 100)...)
	for rows, do := range m.plan[1:] {
		if do.count == 0 || int(do.count) > rows+1 || int(do.count) > m.most(do.method) {
			t.Errorf("%d rows: %+v", rows+1, do)
		}
	}
	want := "walk"
	if len(kernel.All()) == 1 {
		want = "portable"
	}
	if got := withKernel(t, way{kind: kernel.Auto}, 128, 31).Kernel(); got != want {
		t.Errorf("a small model is scored by %s, want %s", got, want)
	}
	if got := m.Kernel(); got == "" {
		t.Error("the model does not say how it scores")
	}
	if got := withKernel(t, way{kind: kernel.Portable}, 1, 1).Kernel(); got != "portable" {
		t.Errorf("a portable model says %q", got)
	}
}

// TestMeasureLate: each method that scores the model gets a time, even if none is left.
func TestMeasureLate(t *testing.T) {
	m := withKernel(t, twin, 128, slices.Repeat([]int{31}, 20)...)
	if m.most(marked) == 0 || m.most(ranked) == 0 {
		t.Fatal("the model has no vector kernel")
	}
	took := m.measure(0)
	for of := range methods {
		at, _ := slices.BinarySearch(sizes[:], m.most(of))
		if took[of][at] == 0 && m.most(of) > 0 {
			t.Errorf("method %d, which scores %d rows at once: %v", of, m.most(of), took[of])
		}
	}
	for rows, do := range took.choose() {
		if rows > 0 && do.count == 0 {
			t.Errorf("%d rows: %+v", rows, do)
		}
	}
}

// TestOnly: a method gets as many rows at once as it scores, and of few rows no more than there are.
func TestOnly(t *testing.T) {
	for _, most := range []int{1, 64, 256} {
		p := only(blocked, most)
		for _, rows := range []int{1, 2, 63, 64, 65, 255, 256, 1000} {
			if do := p.first(rows); do != (step{blocked, uint16(min(rows, most))}) {
				t.Errorf("%d of %d rows: %+v", most, rows, do)
			}
		}
	}
}

// TestTogether: a single row can walk through many trees at once, with a vector kernel, if all trees are packed.
func TestTogether(t *testing.T) {
	for _, kind := range kernel.All() {
		for _, leaves := range [][]int{{257}, {300, 400, 500}, {257, 31}, {31}} {
			m, want := withKernel(t, way{kind, &forced{method: together}}, 4, leaves...), 0
			if kind != kernel.Portable && slices.Min(leaves) > fewLeaves {
				want = 1
			}
			if got := m.most(together); got != want || want == 1 && m.plan != only(together, 1) {
				t.Errorf("%v, trees of %v leaves: %d rows", kind, leaves, got)
			}
		}
	}
}

// TestNotHere: a kind that this processor does not run is refused before any tree.
func TestNotHere(t *testing.T) {
	for k := kernel.Portable; k <= kernel.AVX512; k++ {
		_, err := NewBuilder(Config{Dim: 1, Groups: 1, Output: wire.Raw, Kernel: k})
		if want := k.Check(); (err == nil) != (want == nil) {
			t.Errorf("%v: %v, want %v", k, err, want)
		}
	}
}

// TestFits: a model has a vector kernel if it has trees that fit, unless it has too many columns.
func TestFits(t *testing.T) {
	large := slices.Repeat([]int{256}, 40)
	for _, c := range []struct {
		dim    int
		leaves []int
		want   bool
	}{
		{1, []int{1}, true},
		{1, []int{31, 31, 31}, true},
		{20, []int{256, 256}, true},
		{20, []int{257, 257}, false},
		{20, []int{257, 31, 257}, true},
		{3000, large, true},
		{3000, append([]int{257}, large...), false}, // the walk of one tree needs room for too many columns
		{6000, large, false},                        // too many columns for the ranks
	} {
		if m := withKernel(t, twin, c.dim, c.leaves...); m.plan[1].method == marked != c.want {
			t.Errorf("trees of %v leaves, %d features: the plan begins with %+v", c.leaves, c.dim, m.plan[1])
		}
	}
}

// TestVectorBytes: a model with a vector kernel says that it takes more memory, and not much more.
func TestVectorBytes(t *testing.T) {
	leaves := 31 * 500
	trees := slices.Repeat([]int{31}, 500)
	portable, vector := withKernel(t, way{kind: kernel.Portable}, 128, trees...).Bytes(), withKernel(t, twin, 128, trees...).Bytes()
	if vector-portable < 20*leaves || vector-portable > 64*leaves {
		t.Errorf("%d bytes, and %d with vectors", portable, vector)
	}
}

// withKernel returns a model of trees with so many leaves.
func withKernel(t *testing.T, k way, dim int, leaves ...int) *Model {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	c := Config{Dim: dim, Groups: 1, Output: wire.Raw}
	k.set(&c)
	b, err := NewBuilder(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, count := range leaves {
		tree := anyTree(r, &c, count, false)
		tree.Linear = nil
		for i := range tree.Nodes {
			tree.Nodes[i] = Node{Feature: r.IntN(dim), Threshold: float32(r.NormFloat64()), Left: tree.Nodes[i].Left, Right: tree.Nodes[i].Right}
		}
		if err := b.Add(tree); err != nil {
			t.Fatal(err)
		}
	}
	return b.Build()
}
