package onnx

import (
	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/post"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/batcher/onnx/internal/trees"
	"github.com/disrust/disrust/wire"
)

// joined is TreeEnsemble as its lists have it: the nodes of all trees, and their leaves.
type joined struct {
	node             *graph.Node
	feature, missing []int64
	yes, no          []int64
	yesLeaf, noLeaf  []int64
	mode             []float64
	value            []float32
	members          [][]float32 // of each node
	roots, target    []int64
	weight           []float32
	dim, targets     int
	seen             []bool // nodes that have a parent
	to               *trees.Ensemble
	open             []int64 // nodes of the tree at hand, in the order of their places
}

// numbered are the values of post_transform. The specification of ONNX numbers SOFTMAX 1 and LOGISTIC
// 2. onnxruntime 1.31 takes them the other way round, and its answers are the ones to equal.
var numbered = [...]post.Transform{post.None, post.Logistic, post.Softmax, post.SoftmaxZero, post.Probit}

func treeEnsemble(c *compiler, n *graph.Node) error {
	from, err := c.matrix(n, 0)
	if err != nil {
		return err
	}
	j, err := readJoined(n, from.Size())
	if err != nil {
		return err
	}
	f := &trees.Finish{Targets: j.targets}
	transform, aggregate := n.Int("post_transform", 0), n.Int("aggregate_function", 1)
	if transform < 0 || transform >= int64(len(numbered)) {
		return n.Errorf("post_transform %d: 0 to 4 are supported", transform)
	}
	if aggregate < 0 || aggregate > int64(trees.Max) {
		return n.Errorf("aggregate_function %d: 0 to 3 are supported", aggregate)
	}
	if err := n.Done(); err != nil {
		return err
	}
	f.Transform, j.to.Aggregate = numbered[transform], trees.Aggregate(aggregate)
	if err := j.ensemble(); err != nil {
		return err
	}
	fault := func(f *trees.Fault) error { return n.Errorf("the tree of tree_roots[%d]: %s", f.Tree, f.Why) }
	return c.regress(n, j.to, f, from, fault)
}

// readJoined takes the lists of a node.
func readJoined(n *graph.Node, dim int) (*joined, error) {
	j := &joined{
		node: n, dim: dim, targets: int(min(max(n.Int("n_targets", 1), 0), 1<<20)),
		feature: n.Ints("nodes_featureids"), missing: n.Ints("nodes_missing_value_tracks_true"),
		yes: n.Ints("nodes_truenodeids"), no: n.Ints("nodes_falsenodeids"),
		yesLeaf: n.Ints("nodes_trueleafs"), noLeaf: n.Ints("nodes_falseleafs"),
		roots: n.Ints("tree_roots"), target: n.Ints("leaf_targetids"),
		to: &trees.Ensemble{Dim: dim},
	}
	n.Ignore("nodes_hitrates") // how often a training row came by
	j.to.Targets = j.targets
	if t := n.Tensor("nodes_modes"); t != nil {
		if t.Type != proto.Uint8 {
			return nil, n.Errorf("nodes_modes is of type %s, not uint8", proto.TypeName(t.Type))
		}
		j.mode = t.Doubles()
	}
	var members []float32
	for _, list := range []struct {
		name string
		to   *[]float32
	}{{"nodes_splits", &j.value}, {"leaf_weights", &j.weight}, {"membership_values", &members}} {
		t := n.Tensor(list.name)
		if t != nil && t.Type != proto.Float {
			return nil, n.Errorf("%s is of type %s: float is supported", list.name, proto.TypeName(t.Type))
		}
		if t != nil {
			*list.to = t.Floats()
		}
	}
	if err := j.lengths(); err != nil {
		return nil, err
	}
	return j, j.deal(members)
}

// lengths refuses lists that do not belong together.
func (j *joined) lengths() error {
	nodes := len(j.feature)
	for _, c := range []struct {
		name      string
		got, want int
		like      string
	}{
		{"nodes_truenodeids", len(j.yes), nodes, "nodes_featureids"},
		{"nodes_falsenodeids", len(j.no), nodes, "nodes_featureids"},
		{"nodes_trueleafs", len(j.yesLeaf), nodes, "nodes_featureids"},
		{"nodes_falseleafs", len(j.noLeaf), nodes, "nodes_featureids"},
		{"nodes_modes", len(j.mode), nodes, "nodes_featureids"},
		{"nodes_splits", len(j.value), nodes, "nodes_featureids"},
		{"leaf_targetids", len(j.target), len(j.weight), "leaf_weights"},
	} {
		if c.got != c.want {
			return j.node.Errorf("%s has %d elements, and %s has %d", c.name, c.got, c.like, c.want)
		}
	}
	switch {
	case len(j.missing) != 0 && len(j.missing) != nodes:
		return j.node.Errorf("nodes_missing_value_tracks_true has %d elements, and nodes_featureids has %d", len(j.missing), nodes)
	case len(j.roots) == 0:
		return j.node.Errorf("tree_roots is empty: there are no trees")
	case j.targets < 1 || j.targets > wire.MaxOutputs:
		return j.node.Errorf("n_targets: 1 to %d are supported", wire.MaxOutputs)
	}
	for i, k := range j.target {
		if k < 0 || k >= int64(j.targets) {
			return j.node.Errorf("leaf_targetids[%d] is %d, of %d targets", i, k, j.targets)
		}
	}
	return nil
}

// deal gives each node with the mode BRANCH_MEMBER the values up to the next NaN.
func (j *joined) deal(values []float32) error {
	j.members = make([][]float32, len(j.mode))
	for i, m := range j.mode {
		if trees.Mode(m) != trees.Member {
			continue
		}
		end := 0
		for end < len(values) && values[end] == values[end] {
			end++
		}
		if end == len(values) {
			return j.node.Errorf("membership_values ends before the values of node %d do, with NaN", i)
		}
		j.members[i], values = values[:end], values[end+1:]
	}
	if len(values) > 0 {
		return j.node.Errorf("membership_values has %d values that belong to no node", len(values))
	}
	return nil
}

// ensemble makes the trees.
func (j *joined) ensemble() error {
	for i := range j.weight {
		j.to.Weights = append(j.to.Weights, trees.Weight{Target: int(j.target[i]), Value: j.weight[i]})
	}
	j.seen = make([]bool, len(j.feature))
	for i, root := range j.roots {
		if err := j.place("tree_roots", i, root); err != nil {
			return err
		}
		t := trees.Tree{}
		for at := 0; at < len(j.open); at++ {
			n, err := j.split(&t, int(j.open[at]))
			if err != nil {
				return err
			}
			t.Nodes = append(t.Nodes, n)
		}
		j.open = j.open[:0]
		j.to.Trees = append(j.to.Trees, t)
	}
	for i, seen := range j.seen {
		if !seen {
			return j.node.Errorf("node %d belongs to no tree: nothing in tree_roots leads to it", i)
		}
	}
	return nil
}

// place gives a node the next place in the tree at hand.
func (j *joined) place(list string, i int, node int64) error {
	switch {
	case node < 0 || node >= int64(len(j.seen)):
		return j.node.Errorf("%s[%d] is %d, of %d nodes", list, i, node, len(j.seen))
	case j.seen[node]:
		return j.node.Errorf("%s[%d] is %d: the node has two parents, or it is a root", list, i, node)
	}
	j.seen[node] = true
	j.open = append(j.open, node)
	return nil
}

// split makes node i of the file, with its leaves in t.
func (j *joined) split(t *trees.Tree, i int) (trees.Node, error) {
	n := trees.Node{Feature: int(j.feature[i]), Mode: trees.Mode(j.mode[i]), Value: j.value[i], Members: j.members[i]}
	n.MissingTrue = len(j.missing) > 0 && j.missing[i] == 1
	switch {
	case j.mode[i] > float64(trees.Member):
		return n, j.node.Errorf("nodes_modes[%d] is %v: 0 to 6 are supported", i, j.mode[i])
	case j.feature[i] < 0 || j.feature[i] >= int64(j.dim):
		return n, j.node.Errorf("nodes_featureids[%d]: feature %d of %d", i, j.feature[i], j.dim)
	case n.Mode != trees.Member && n.Value != n.Value:
		return n, j.node.Errorf("nodes_splits[%d]: NaN as a threshold", i)
	}
	var err error
	if n.True, err = j.child(t, "nodes_truenodeids", i, j.yes[i], j.yesLeaf[i]); err != nil {
		return n, err
	}
	n.False, err = j.child(t, "nodes_falsenodeids", i, j.no[i], j.noLeaf[i])
	return n, err
}

// child returns the place of a child. A leaf that several nodes lead to is there for each of them.
func (j *joined) child(t *trees.Tree, list string, i int, child, leaf int64) (int32, error) {
	if leaf == 0 {
		err := j.place(list, i, child)
		return int32(len(j.open) - 1), err
	}
	if child < 0 || child >= int64(len(j.weight)) {
		return 0, j.node.Errorf("%s[%d] is %d, of %d leaves", list, i, child, len(j.weight))
	}
	t.Leaves = append(t.Leaves, trees.Leaf{First: int(child), End: int(child) + 1})
	return ^int32(len(t.Leaves) - 1), nil
}
