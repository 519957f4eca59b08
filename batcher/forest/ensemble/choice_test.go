package ensemble

import (
	"slices"
	"testing"
)

// TestChoice: a row alone is walked, many rows are not, and whatever is chosen are some of the rows.
func TestChoice(t *testing.T) {
	m := withKernel(t, twin, 128, slices.Repeat([]int{31}, 500)...)
	c := m.choose()
	for rows, want := range map[int]uint8{1: 0, 8: 8, 32: 32, 64: 64} {
		if c[rows] != want {
			t.Errorf("of %d rows %d are not walked, want %d", rows, c[rows], want)
		}
	}
	for _, c := range []choice{c, chooseVector(), withKernel(t, twin, 9, 1, 256, 257).choose()} {
		for rows, first := range c {
			if int(first) > rows {
				t.Errorf("%d of %d rows", first, rows)
			}
		}
	}
}

// TestLevels: the average depth of the leaves, of a tree that is complete and of one that is a chain.
func TestLevels(t *testing.T) {
	complete := &Tree{Leaves: make([]float64, 8)}
	for i := range int32(7) {
		n := Node{Left: 2*i + 1, Right: 2*i + 2}
		if i > 2 {
			n.Left, n.Right = ^(2*i - 6), ^(2*i - 5)
		}
		complete.Nodes = append(complete.Nodes, n)
	}
	chain := &Tree{Leaves: make([]float64, 4), Nodes: []Node{{Left: ^0, Right: 1}, {Left: ^1, Right: 2}, {Left: ^2, Right: ^3}}}
	for _, c := range []struct {
		tree *Tree
		want int
	}{{&Tree{Leaves: []float64{1}}, 1}, {complete, 3}, {chain, 3}} { // of the chain 2.25, and the walk takes whole ones
		b, err := NewBuilder(Config{Dim: 1, Groups: 1, Kernel: twin})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Add(c.tree); err != nil {
			t.Fatal(err)
		}
		m := b.Build()
		if got := m.levels(&m.trees[0]); got != c.want {
			t.Errorf("%d leaves: %d levels, want %d", len(c.tree.Leaves), got, c.want)
		}
	}
}
