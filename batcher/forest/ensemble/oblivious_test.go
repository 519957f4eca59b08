package ensemble

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/disrust/disrust/wire"
)

// TestOblivious: trees with one split a level are scored as such, if enough of them come in succession or
// no other trees are beside them; and a single row is ranked if all trees are oblivious.
func TestOblivious(t *testing.T) {
	for _, c := range []struct {
		trees []int // runs of oblivious trees, and then of others, and so on
		want  []bool
	}{
		{[]int{1}, []bool{true}},
		{[]int{500}, []bool{true}},
		{[]int{0, 500}, []bool{false}},
		{[]int{fewest, 1}, []bool{true, false}},
		{[]int{fewest - 1, 1}, []bool{false}},
		{[]int{0, 1, fewest, 1, fewest - 1}, []bool{false, true, false}},
	} {
		r := rand.New(rand.NewPCG(1, 1))
		config := Config{Dim: 4, Groups: 1, Output: wire.Raw}
		twin.set(&config)
		b, err := NewBuilder(config)
		if err != nil {
			t.Fatal(err)
		}
		for i, count := range c.trees {
			for range count {
				tree := anyTree(r, &config, 3, false)
				for tree.Linear = nil; i%2 == 0 && (len(tree.Leaves) == 3 || len(tree.Leaves) > 256); {
					tree = anyOblivious(r, &config)
				}
				if err := b.Add(tree); err != nil {
					t.Fatal(err)
				}
			}
		}
		m := b.Build()
		var got []bool
		all := true
		for i := range m.segments {
			_, is := m.segments[i].double.(rowProgram[float64])
			got, all = append(got, is), all && is
		}
		if !slices.Equal(got, c.want) || m.most(ranked) == 1 != all {
			t.Errorf("%v: segments %v, want %v; %d rows are ranked alone", c.trees, got, c.want, m.most(ranked))
		}
	}
}
