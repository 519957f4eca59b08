package cbm

import (
	"math"
	"testing"

	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
	"pgregory.net/rapid"
)

// TestScores: a file's scores are those of a walk over what was written into it.
func TestScores(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawFeatures(t)
		if c.borderCount() > 0 && rapid.Bool().Draw(t, "symmetric") {
			drawSymmetric(t, c)
		} else {
			drawNodes(t, c)
		}
		m, err := load(c.bytes(), modelfile.Options{Output: wire.Raw})
		if err != nil {
			t.Fatal(err)
		}
		row := make([]float32, len(c.features))
		out := make([]float32, c.outputs)
		for range 20 {
			for i := range row {
				row[i] = rapid.SampledFrom([]float32{-2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 9, nan}).Draw(t, "x")
			}
			if err := m.NewScorer().Score(row, len(row), out); err != nil {
				t.Fatal(err)
			}
			for i, got := range out {
				if want := float32(c.score(row, i)); got != want {
					t.Fatalf("output %d of %v is %v, not %v: %+v", i, row, got, want, c)
				}
			}
		}
	})
}

// drawFeatures draws a model without trees, the columns in any order.
func drawFeatures(t *rapid.T) *content {
	c := &content{version: version, scale: rapid.SampledFrom([]float64{1, 0.5, -3}).Draw(t, "scale")}
	c.outputs = rapid.Int32Range(1, 3).Draw(t, "outputs")
	for range c.outputs {
		c.biases = append(c.biases, rapid.Float64Range(-9, 9).Draw(t, "bias"))
	}
	dim := rapid.IntRange(1, 4).Draw(t, "dim")
	flat := rapid.Permutation(upTo(dim)).Draw(t, "flat")
	for i, index := range rapid.Permutation(upTo(dim)).Draw(t, "index") {
		n := number{index: index, flat: flat[i], treatment: rapid.Int8Range(0, 2).Draw(t, "treatment")}
		for border := -1; border <= 2; border++ {
			if rapid.Bool().Draw(t, "border") {
				n.borders = append(n.borders, float32(border))
			}
		}
		c.features = append(c.features, n)
	}
	return c
}

func upTo(count int) (all []int32) {
	for i := range count {
		all = append(all, int32(i))
	}
	return all
}

func drawSymmetric(t *rapid.T, c *content) {
	for range rapid.IntRange(1, 4).Draw(t, "trees") {
		levels := rapid.IntRange(0, 4).Draw(t, "levels")
		c.begin(levels)
		for range levels {
			c.splits = append(c.splits, c.drawSplit(t))
		}
		c.drawValues(t, 1<<levels)
	}
}

// drawNodes draws trees whose nodes stand in the order in which they are split, and moves the values of
// the leaves around.
func drawNodes(t *rapid.T, c *content) {
	for range rapid.IntRange(1, 4).Draw(t, "trees") {
		var steps [][2]uint16
		leaves := c.growNodes(t, &steps)
		c.begin(len(steps))
		numbers := rapid.Permutation(upTo(leaves)).Draw(t, "leaves")
		first := uint32(len(c.values))
		for _, step := range steps {
			split, leaf := int32(0), uint32(math.MaxUint32)
			if step != [2]uint16{} {
				split = c.drawSplit(t)
			}
			if step[0] == 0 || step[1] == 0 {
				leaf = first + uint32(numbers[0]*c.outputs)
				numbers = numbers[1:]
			}
			c.splits, c.leaves = append(c.splits, split), append(c.leaves, leaf)
		}
		c.steps = append(c.steps, steps...)
		c.drawValues(t, leaves)
	}
}

// growNodes grows a tree breadth first: a child is a node of its own, or its parent's leaf.
func (c *content) growNodes(t *rapid.T, steps *[][2]uint16) (leaves int) {
	places := 1
	for at := 0; at < places; at++ {
		var step [2]uint16
		if c.borderCount() > 0 && places < 12 && rapid.Bool().Draw(t, "split") {
			own := rapid.IntRange(-1, 1).Draw(t, "own leaf")
			for side := range step {
				if side != own {
					step[side] = uint16(places - at)
					places++
				}
			}
		}
		if step[0] == 0 || step[1] == 0 {
			leaves++
		}
		*steps = append(*steps, step)
	}
	return leaves
}

func (c *content) begin(size int) {
	c.starts = append(c.starts, int32(len(c.splits)))
	c.sizes = append(c.sizes, int32(size))
}

func (c *content) borderCount() (count int) {
	for _, n := range c.features {
		count += len(n.borders)
	}
	return count
}

func (c *content) drawSplit(t *rapid.T) int32 {
	return rapid.Int32Range(0, int32(c.borderCount())-1).Draw(t, "bin")
}

func (c *content) drawValues(t *rapid.T, leaves int) {
	for range leaves * int(c.outputs) {
		c.values = append(c.values, rapid.Float64Range(-100, 100).Draw(t, "value"))
	}
}

// score walks all trees.
func (c *content) score(row []float32, output int) float64 {
	sum, first := 0.0, 0
	for i, size := range c.sizes {
		start := int(c.starts[i])
		if c.steps == nil {
			leaf := 0
			for level := range int(size) {
				if c.right(row, c.splits[start+level]) {
					leaf |= 1 << level
				}
			}
			sum += c.values[first+leaf*int(c.outputs)+output]
			first += int(c.outputs) << size
			continue
		}
		sum += c.values[c.walk(row, start)+output]
	}
	return sum*c.scale + c.biases[output]
}

// walk returns where the values of the leaf are that a row reaches.
func (c *content) walk(row []float32, at int) int {
	for {
		step := c.steps[at]
		if step == [2]uint16{} {
			return int(c.leaves[at])
		}
		next := step[0]
		if c.right(row, c.splits[at]) {
			next = step[1]
		}
		if next == 0 {
			return int(c.leaves[at])
		}
		at += int(next)
	}
}

// right reports where a row goes at a border.
func (c *content) right(row []float32, bin int32) bool {
	for _, n := range c.features {
		if int(bin) >= len(n.borders) {
			bin -= int32(len(n.borders))
			continue
		}
		x := row[n.flat]
		return x > n.borders[bin] || x != x && n.treatment == 2
	}
	panic("no such border")
}
