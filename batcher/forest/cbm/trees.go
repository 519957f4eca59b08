package cbm

import (
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher/forest/internal/catmodel"
	flatbuffers "github.com/google/flatbuffers/go"
)

// reader reads the trees, which lie one behind the other in each vector.
type reader struct {
	bins    []catmodel.Split // each border of each feature
	outputs int

	splits int32s // of each level of a symmetric tree, or each node of another: its bin
	steps  []byte // of each node: how many nodes on its children are, two bytes each; 0: a leaf
	leaves int32s // of each node with such a leaf: where its values begin
	values float64s
	used   int64 // values of the trees so far

	numbers []int32 // scratch: of each node of a tree, its number among those with a split, or ^leaf
}

// readTrees reads all trees.
func (f *file) readTrees() error {
	r := reader{
		bins: f.bins, outputs: len(f.Bias),
		splits: f.trees.int32s(treesSplits), leaves: f.trees.int32s(treesLeaves), values: f.trees.float64s(treesValues),
	}
	r.steps, _ = f.trees.vector(treesSteps, 4)
	sizes, starts := f.trees.int32s(treesSizes), f.trees.int32s(treesStarts)
	switch {
	case f.trees.buffer.err != nil:
		return f.trees.buffer.err
	case starts.count() != sizes.count():
		return fmt.Errorf("%s has %d elements and %s %d", treesStarts.name, starts.count(), treesSizes.name, sizes.count())
	}
	read := r.symmetric
	if len(r.steps)+len(r.leaves) > 0 {
		read = r.nested
		if len(r.steps) != len(r.splits) || len(r.leaves) != len(r.splits) {
			return fmt.Errorf("%s has %d elements, %s %d and %s %d: as many are expected", treesSplits.name, r.splits.count(),
				treesSteps.name, len(r.steps)/4, treesLeaves.name, r.leaves.count())
		}
	}
	next := 0
	f.Trees = make([]*catmodel.Tree, sizes.count())
	for i := range f.Trees {
		start, size := int(starts.at(i)), int(sizes.at(i))
		if start != next || size < 0 || size > r.splits.count()-start {
			return catmodel.InTree(i, fmt.Errorf("%d elements of %s from number %d: the tree must begin at %d, and there are %d",
				size, treesSplits.name, start, next, r.splits.count()))
		}
		next += size
		var err error
		if f.Trees[i], err = read(start, size); err != nil {
			return catmodel.InTree(i, err)
		}
	}
	if next != r.splits.count() || r.used != int64(r.values.count()) {
		return fmt.Errorf("the trees have %d of the %d elements of %s, and %d of the %d of %s", next, r.splits.count(), treesSplits.name,
			r.used, r.values.count(), treesValues.name)
	}
	return nil
}

// symmetric reads a tree of so many levels.
func (r *reader) symmetric(start, levels int) (t *catmodel.Tree, err error) {
	if levels > catmodel.MaxDepth {
		return nil, fmt.Errorf("%d levels: CatBoost's trees have at most %d", levels, catmodel.MaxDepth)
	}
	t = &catmodel.Tree{Symmetric: true, Splits: make([]catmodel.Split, levels)}
	for i := range t.Splits {
		if t.Splits[i], err = r.split(start + i); err != nil {
			return nil, err
		}
	}
	first := r.used
	if err := r.reserve(t, 1<<levels); err != nil {
		return nil, err
	}
	return t, r.add(t, first, 1<<levels)
}

// nested reads a tree of so many nodes. A node without children is a leaf, and one with a child is
// a node and a leaf.
func (r *reader) nested(start, count int) (*catmodel.Tree, error) {
	t := &catmodel.Tree{}
	nodes, err := r.number(t, start, count)
	if err != nil {
		return nil, err
	}
	if err := r.reserve(t, t.Leaves); err != nil {
		return nil, err
	}
	t.Nodes, t.Splits = make([]catmodel.Node, 0, nodes), make([]catmodel.Split, 0, nodes)
	leaf := int32(0)
	for i := range count {
		left, right := r.step(start + i)
		if left > 0 || right > 0 {
			s, err := r.split(start + i)
			if err != nil {
				return nil, err
			}
			t.Splits = append(t.Splits, s)
			t.Nodes = append(t.Nodes, catmodel.Node{Left: r.child(i, left, leaf), Right: r.child(i, right, leaf)})
		}
		if left == 0 || right == 0 {
			leaf++
			if err := r.add(t, int64(uint32(r.leaves.at(start+i))), 1); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

// number numbers the nodes of a tree that have a split, and counts them and the leaves.
func (r *reader) number(t *catmodel.Tree, start, count int) (nodes int, err error) {
	if count == 0 {
		return 0, errors.New("the tree has no nodes")
	}
	r.numbers = r.numbers[:0]
	for i := range count {
		left, right := r.step(start + i)
		if left >= count-i || right >= count-i {
			return 0, fmt.Errorf("node %d leads to node %d: the tree has %d", i, i+max(left, right), count)
		}
		if left == 0 && right == 0 {
			r.numbers = append(r.numbers, ^int32(t.Leaves))
		} else {
			r.numbers = append(r.numbers, int32(nodes))
			nodes++
		}
		if left == 0 || right == 0 {
			t.Leaves++
		}
	}
	return nodes, nil
}

// child returns what is so many steps on from a node of the tree: 0 is the node's own leaf.
func (r *reader) child(node, steps int, leaf int32) int32 {
	if steps == 0 {
		return ^leaf
	}
	return r.numbers[node+steps]
}

// step returns how many nodes on the children of a node are.
func (r *reader) step(node int) (left, right int) {
	step := r.steps[4*node:]
	return int(flatbuffers.GetUint16(step)), int(flatbuffers.GetUint16(step[2:]))
}

// split returns what a level or node splits by.
func (r *reader) split(at int) (catmodel.Split, error) {
	bin := r.splits.at(at)
	if bin < 0 || int(bin) >= len(r.bins) {
		return catmodel.Split{}, fmt.Errorf("%s %d: the features have %d borders together", treesSplits.name, bin, len(r.bins))
	}
	return r.bins[bin], nil
}

// reserve makes room for the values of a tree, of which the file must have as many.
func (r *reader) reserve(t *catmodel.Tree, leaves int) error {
	count := int64(leaves) * int64(r.outputs)
	if r.used += count; r.used > int64(r.values.count()) {
		return fmt.Errorf("the tree ends at value %d of %s, which has %d", r.used, treesValues.name, r.values.count())
	}
	t.Values = make([]float64, 0, count)
	return nil
}

// add adds the values of some leaves to a tree.
func (r *reader) add(t *catmodel.Tree, first int64, leaves int) error {
	count := int64(leaves) * int64(r.outputs)
	if first+count > int64(r.values.count()) {
		return fmt.Errorf("a leaf with values from %d on: %s has %d", first, treesValues.name, r.values.count())
	}
	for i := first; i < first+count; i++ {
		t.Values = append(t.Values, r.values.at(int(i)))
	}
	return nil
}
