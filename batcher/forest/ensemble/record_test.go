package ensemble

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

// TestRecordIsACopy: a loader may overwrite a tree that it has handed over. A record that is used
// again forgets the model before.
func TestRecordIsACopy(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	c := Config{Dim: 3, Groups: 1}
	var record Record
	for range 2 {
		given := c
		given.Record = &record
		b, err := NewBuilder(given)
		if err != nil {
			t.Fatal(err)
		}
		tree := &Tree{
			Nodes:       []Node{{Test: In, Set: []uint32{1, 2}, Left: ^0, Right: ^1}},
			Leaves:      []float64{r.Float64(), 2},
			Linear:      []Linear{{Terms: []Term{{Coeff: 1}}}, {}},
			NodeNumbers: []int32{5},
			LeafNumbers: []int32{6, 7},
		}
		if err := b.Add(tree); err != nil {
			t.Fatal(err)
		}
		want := Tree{
			Nodes:       []Node{{Test: In, Set: []uint32{1, 2}, Left: ^0, Right: ^1}},
			Leaves:      []float64{tree.Leaves[0], 2},
			Linear:      []Linear{{Terms: []Term{{Coeff: 1}}}, {}},
			NodeNumbers: []int32{5},
			LeafNumbers: []int32{6, 7},
		}
		tree.Nodes[0].Set[0], tree.Nodes[0].Feature = 9, 2
		tree.Leaves[0], tree.Linear[0].Terms[0].Coeff, tree.Linear[1].Const = 9, 9, 9
		tree.NodeNumbers[0], tree.LeafNumbers[0] = 9, 9
		if !reflect.DeepEqual(record, Record{Config: c, Trees: []Tree{want}}) {
			t.Errorf("%+v, want the tree %+v", record, want)
		}
	}
}
