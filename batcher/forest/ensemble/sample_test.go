package ensemble

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/disrust/disrust/wire"
)

// TestSample: rows that a model draws go both ways at the root of each of its trees, and the same
// random numbers draw the same rows.
func TestSample(t *testing.T) {
	const count = 2000
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		var record Record
		c := Config{Dim: 1 + r.IntN(9), Groups: 1, Output: wire.Raw, Record: &record}
		b, err := NewBuilder(c)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 30 {
			n := Node{Feature: r.IntN(c.Dim), Test: Test(i % 3), Missing: Missing(i % 3), Threshold: float32(r.NormFloat64()), Set: []uint32{r.Uint32()}, Left: ^0, Right: ^1}
			if err := b.Add(&Tree{Nodes: []Node{n}, Leaves: []float64{0, 1}}); err != nil {
				t.Fatal(err)
			}
		}
		m := b.Build()
		rows, again := make([]float32, count*c.Dim), make([]float32, count*c.Dim)
		m.Sample(rows, c.Dim, rand.New(rand.NewPCG(3, 4)))
		m.Sample(again, c.Dim, rand.New(rand.NewPCG(3, 4)))
		if !slices.EqualFunc(rows, again, func(a, b float32) bool { return a == b || a != a && b != b }) {
			t.Error("other rows the second time")
		}
		for i := range record.Trees {
			right := 0
			for at := range count {
				_, leaf := record.Path(nil, i, rows[at*c.Dim:(at+1)*c.Dim])
				right += leaf
			}
			if right == 0 || right == count {
				t.Errorf("all rows go the same way at %+v", record.Trees[i].Nodes[0])
			}
		}
	}
}
