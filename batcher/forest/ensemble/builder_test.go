package ensemble

import (
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/kernel"
	"github.com/disrust/disrust/wire"
)

func rawConfig(dim int) Config { return Config{Dim: dim, Groups: 1, Output: wire.Raw} }

func builder(t *testing.T, c Config) *Builder {
	t.Helper()
	b, err := NewBuilder(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestShapesRefused(t *testing.T) {
	for _, c := range []Config{rawConfig(0), rawConfig(-1), rawConfig(wire.MaxDim + 1), {Dim: 1}, {Dim: 1, Groups: wire.MaxOutputs + 1}} {
		if _, err := NewBuilder(c); err == nil {
			t.Errorf("%+v: not refused", c)
		}
	}
}

func TestTreesRefused(t *testing.T) {
	two := func(a, b Node) *Tree { return &Tree{Nodes: []Node{a, b}, Leaves: []float64{1, 2, 3}} }
	nan := float32(math.NaN())
	for _, c := range []struct {
		tree *Tree
		want Fault
	}{
		{&Tree{}, Fault{-1, -1, "", "no leaf 0"}},
		{two(Node{Left: 0, Right: ^0}, Node{}), Fault{0, -1, "left", "root"}},
		{two(Node{Left: 1, Right: 1}, Node{}), Fault{0, -1, "right", "node 1 has two parents"}},
		{two(Node{Left: ^0, Right: 1}, Node{Left: ^1, Right: ^0}), Fault{1, -1, "right", "leaf 0 has two parents"}},
		{two(Node{Left: ^0, Right: 2}, Node{}), Fault{0, -1, "right", "no node 2"}},
		{two(Node{Left: ^3, Right: 1}, Node{}), Fault{0, -1, "left", "no leaf 3"}},
		{two(Node{Left: math.MinInt32, Right: 1}, Node{}), Fault{0, -1, "left", "no leaf 2147483647"}},
		{two(Node{Left: ^0, Right: ^1}, Node{}), Fault{1, -1, "", "lead to node 1"}},
		{&Tree{Nodes: []Node{{Left: ^0, Right: ^1}}, Leaves: []float64{1, 2, 3}}, Fault{-1, 2, "", "lead to leaf 2"}},
		{two(Node{Feature: 2, Left: ^0, Right: 1}, Node{}), Fault{0, -1, "", "feature 2"}},
		{two(Node{Left: ^0, Right: 1}, Node{Feature: -1}), Fault{1, -1, "", "feature -1"}},
		{two(Node{Threshold: nan, Left: ^0, Right: 1}, Node{}), Fault{0, -1, "", "NaN"}},
		{&Tree{Leaves: []float64{1}, Linear: []Linear{{Terms: []Term{{Feature: 2}}}}}, Fault{-1, 0, "", "feature 2"}},
	} {
		err := builder(t, rawConfig(2)).Add(c.tree)
		var f *Fault
		if !errors.As(err, &f) || f.Node != c.want.Node || f.Leaf != c.want.Leaf || f.Side != c.want.Side || !strings.Contains(f.Why, c.want.Why) {
			t.Errorf("%+v: %+v, want %+v", c.tree, err, c.want)
		}
	}
}

// TestPruned leaves out what the root does not lead to, and what it looks at.
func TestPruned(t *testing.T) {
	b := builder(t, rawConfig(2))
	err := b.Add(&Tree{Pruned: true, Leaves: []float64{7, 1, 2}, Nodes: []Node{
		{Feature: 0, Left: ^1, Right: ^2}, {Feature: 99, Left: 1, Right: 0},
	}})
	if err != nil {
		t.Fatal(err)
	}
	m := b.Build()
	if len(m.nodes) != 2+1 || len(m.columns) != 1 {
		t.Errorf("%d nodes and %d columns", len(m.nodes), len(m.columns))
	}
	out := make([]float32, 2)
	if err := m.NewScorer().Score([]float32{-1, 0, 1, 0}, 2, out); err != nil || out[0] != 1 || out[1] != 2 {
		t.Errorf("%v, %v", out, err)
	}
}

// TestDeepChain builds a chain of many nodes and reaches its end.
func TestDeepChain(t *testing.T) {
	const depth = 300000
	tree := &Tree{Leaves: make([]float64, depth+1)}
	for i := range depth {
		n := Node{Left: ^int32(i), Right: int32(i + 1)}
		if i == depth-1 {
			n.Right = ^int32(depth)
		}
		tree.Nodes = append(tree.Nodes, n)
		tree.Leaves[i] = float64(i)
	}
	tree.Leaves[depth] = -1
	b := builder(t, rawConfig(1))
	if err := b.Add(tree); err != nil {
		t.Fatal(err)
	}
	m := b.Build()
	for rows := range 10 {
		x, out := make([]float32, rows), make([]float32, rows)
		for i := range x {
			x[i] = float32(i % 2) // right to the end, or left at once
		}
		if err := m.NewScorer().Score(x, 1, out); err != nil {
			t.Fatal(err)
		}
		for i, y := range out {
			if y != []float32{0, -1}[i%2] {
				t.Fatalf("row %d of %d: %v", i, rows, y)
			}
		}
	}
}

// TestOneLaneIsDeep has eight chains, each on a feature of its own. Of the rows that are in flight
// together, one goes to the end of a chain and the others leave it at once; for a single row it
// is one of the trees.
func TestOneLaneIsDeep(t *testing.T) {
	const depth = 3 * steps
	b := builder(t, rawConfig(lanes))
	for f := range lanes {
		tree := &Tree{Leaves: make([]float64, depth+1)}
		for i := range depth {
			tree.Nodes = append(tree.Nodes, Node{Feature: f, Left: ^int32(i), Right: int32(i + 1)})
		}
		tree.Nodes[depth-1].Right = ^depth
		tree.Leaves[depth] = float64(int(1) << f)
		if err := b.Add(tree); err != nil {
			t.Fatal(err)
		}
	}
	rows := make([]float32, lanes*lanes)
	for i := range lanes {
		rows[i*lanes+i] = 1
	}
	s, out := b.Build().NewScorer(), make([]float32, lanes)
	check := func() {
		t.Helper()
		for i, y := range out {
			if y != float32(int(1)<<i) {
				t.Errorf("row %d: %v", i, out)
			}
		}
	}
	if err := s.Score(rows, lanes, out); err != nil {
		t.Fatal(err)
	}
	check()
	for i := range lanes {
		if err := s.Score(rows[i*lanes:(i+1)*lanes], lanes, out[i:i+1]); err != nil {
			t.Fatal(err)
		}
	}
	check()
}

// TestSetsAreStoredOnce compares the memory of many equal sets with that of one.
func TestSetsAreStoredOnce(t *testing.T) {
	set := make([]uint32, 100000)
	b := builder(t, rawConfig(1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 200 {
		if err := b.Add(&Tree{Nodes: []Node{{Test: In, Set: set, Left: ^0, Right: ^1}}, Leaves: []float64{1, 2}}); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 || len(b.columns.list) != 1 {
		t.Errorf("%d bytes and %d columns", took, len(b.columns.list))
	}
}

// TestScoreAllocatesNothing: with linear leaves, and without them in each way that this processor has: trees
// with marks, in a fan or not, oblivious trees and packed trees.
func TestScoreAllocatesNothing(t *testing.T) {
	allocatesNothing(t, way{kind: kernel.Auto}, true, 20)
	for _, k := range kernels() {
		for _, leaves := range []int{2, 20, 100, fewLeaves + 1} {
			allocatesNothing(t, k, false, leaves)
		}
	}
}

func allocatesNothing(t *testing.T, k way, linear bool, leaves int) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	c := Config{Dim: 5, Groups: 3, Output: wire.Prob}
	k.set(&c)
	b := builder(t, c)
	for range 30 {
		tree := anyTree(r, &c, leaves, false)
		if !linear {
			tree.Linear = nil
		}
		if err := b.Add(tree); err != nil {
			t.Fatal(err)
		}
	}
	s, rows, out := b.Build().NewScorer(), anyRows(r, 100, 5), make([]float32, 300)
	if n := testing.AllocsPerRun(10, func() {
		s.Score(rows, 5, out)
		s.Score(rows[:5], 5, out[:3])
	}); n != 0 {
		t.Errorf("%v, trees of %d leaves: %v allocations", k, leaves, n)
	}
}

func TestOtherDimIsAnError(t *testing.T) {
	s := builder(t, rawConfig(2)).Build().NewScorer()
	if err := s.Score(make([]float32, 3), 3, make([]float32, 1)); err == nil || !strings.Contains(err.Error(), "3 features") {
		t.Error(err)
	}
}

// TestNoTrees scores with a model that has only base values.
func TestNoTrees(t *testing.T) {
	c := Config{Dim: 2, Groups: 2, Sum: Single, Base: []float32{3, 4}, Output: wire.Raw}
	out := make([]float32, 18)
	if err := builder(t, c).Build().NewScorer().Score(make([]float32, 18), 2, out); err != nil || out[0] != 3 || out[17] != 4 {
		t.Errorf("%v, %v", out, err)
	}
}

func TestSizes(t *testing.T) {
	b := builder(t, rawConfig(1))
	trees := []*Tree{
		{Leaves: []float64{1}},
		{Nodes: []Node{{Left: ^0, Right: 1}, {Left: ^1, Right: ^2}}, Leaves: []float64{1, 2, 3}},
		{Nodes: []Node{{Left: ^0, Right: ^1}}, Leaves: []float64{1, 2}},
	}
	for _, tree := range trees {
		if err := b.Add(tree); err != nil {
			t.Fatal(err)
		}
	}
	m := b.Build()
	for i, want := range [][2]int{{1, 0}, {3, 2}, {2, 1}} {
		if leaves, depth := m.TreeSize(i); leaves != want[0] || depth != want[1] {
			t.Errorf("tree %d: %d leaves, depth %d", i, leaves, depth)
		}
	}
	if m.Trees() != 3 || m.Bytes() < len(m.nodes)*20 || m.Bytes() > 10000 {
		t.Errorf("%d trees, %d bytes", m.Trees(), m.Bytes())
	}
}
