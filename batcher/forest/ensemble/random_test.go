package ensemble

import (
	"math"
	"math/rand/v2"

	"github.com/disrust/disrust/batcher/link"
	"github.com/disrust/disrust/wire"
)

// hostile are values at which comparisons go wrong, with their neighbours.
var hostile = func() []float32 {
	inf := float32(math.Inf(1))
	var all []float32
	for _, x := range []float32{0, 1e-45, 1e-40, 0x1p-126, Tiny, 0.5, 1, 3, 31, 32, 64, 1 << 24, 1e30, math.MaxFloat32, inf} {
		for _, y := range []float32{x, math.Nextafter32(x, inf), math.Nextafter32(x, 0)} {
			all = append(all, y, -y)
		}
	}
	return append(all, float32(math.Copysign(0, -1)), -0.9, -0.5, 2.5)
}()

func anyFloat(r *rand.Rand) float32 {
	if r.IntN(2) == 0 {
		return hostile[r.IntN(len(hostile))]
	}
	return float32(r.NormFloat64())
}

func anyFeature(r *rand.Rand) float32 {
	if r.IntN(8) == 0 {
		return float32(math.NaN())
	}
	return anyFloat(r)
}

func anyRows(r *rand.Rand, count, dim int) []float32 {
	rows := make([]float32, count*dim)
	for i := range rows {
		rows[i] = anyFeature(r)
	}
	return rows
}

// anyNode returns a split without children.
func anyNode(r *rand.Rand, dim int) Node {
	n := Node{Feature: r.IntN(dim), Test: Test(r.IntN(4)), Missing: Missing(r.IntN(5)), Threshold: anyFloat(r)}
	if n.Test == In || n.Test == NotIn {
		n.Missing = Missing(r.IntN(3))
		n.Set = make([]uint32, r.IntN(4))
		for i := range n.Set {
			n.Set[i] = r.Uint32()
		}
	}
	return n
}

// anyTree returns a tree of so many leaves, in which each split is made of a random leaf. A
// chain is made of the newest leaf.
func anyTree(r *rand.Rand, c *Config, leaves int, chain bool) *Tree {
	t := &Tree{Group: r.IntN(c.Groups)}
	type end struct {
		node  int
		right bool
	}
	open := []end{}
	for len(open) < leaves && leaves > 1 {
		n := int32(len(t.Nodes))
		if n > 0 {
			i := r.IntN(len(open))
			if chain {
				i = len(open) - 1
			}
			if e := open[i]; e.right {
				t.Nodes[e.node].Right = n
			} else {
				t.Nodes[e.node].Left = n
			}
			open = append(open[:i], open[i+1:]...)
		}
		t.Nodes = append(t.Nodes, anyNode(r, c.Dim))
		open = append(open, end{int(n), false}, end{int(n), true})
	}
	for i, e := range open {
		if e.right {
			t.Nodes[e.node].Right = ^int32(i)
		} else {
			t.Nodes[e.node].Left = ^int32(i)
		}
	}
	for range max(1, len(open)) {
		v := r.NormFloat64()
		if r.IntN(4) == 0 {
			v = float64(anyFloat(r)) // perhaps -0, or infinite
		}
		if c.Sum == Single {
			v = float64(float32(v))
		}
		t.Leaves = append(t.Leaves, v)
	}
	if c.Sum == Double && r.IntN(3) == 0 {
		for range t.Leaves {
			l := Linear{Const: r.NormFloat64()}
			for range r.IntN(3) {
				l.Terms = append(l.Terms, Term{r.IntN(c.Dim), r.NormFloat64() * []float64{1, 1e36}[r.IntN(2)]})
			}
			t.Linear = append(t.Linear, l)
		}
	}
	return t
}

// anyOblivious returns a tree with one split for each level.
func anyOblivious(r *rand.Rand, c *Config) *Tree {
	depth := r.IntN(8)
	if r.IntN(8) == 0 {
		depth = 8 + r.IntN(2)
	}
	leaves := 1 << depth
	t := anyTree(r, c, leaves, false)
	t.Linear = nil
	for level := range depth {
		n := anyNode(r, c.Dim)
		for at := 1<<level - 1; at < 2<<level-1; at++ {
			n.Left, n.Right = int32(2*at+1), int32(2*at+2)
			if level == depth-1 {
				n.Left, n.Right = ^int32(2*at+1-len(t.Nodes)), ^int32(2*at+2-len(t.Nodes))
			}
			t.Nodes[at] = n
		}
	}
	return t
}

func anyConfig(r *rand.Rand) Config {
	c := Config{Dim: 1 + r.IntN(20), Groups: 1 + r.IntN(4), Sum: Precision(r.IntN(2)), SnapZero: r.IntN(2) == 0}
	c.Output = []wire.Kind{wire.Raw, wire.Prob, wire.Class}[r.IntN(3)]
	c.Divisor = float64(r.IntN(3))
	c.Transform = link.Transform{Func: []link.Func{link.Identity, link.Sigmoid, link.Softmax, link.Argmax}[r.IntN(4)], Scale: 0.7}
	if c.Sum == Single {
		c.Transform.Func = []link.Func{link.Identity, link.Sigmoid32, link.Softmax32, link.Step}[r.IntN(4)]
		for range c.Groups {
			c.Base = append(c.Base, anyFloat(r))
		}
	}
	return c
}
