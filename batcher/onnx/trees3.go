package onnx

import (
	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/trees"
	"github.com/disrust/disrust/wire"
)

// listed is TreeEnsembleRegressor or -Classifier as its lists have it.
type listed struct {
	node                                 *graph.Node
	prefix                               string // of the weights' lists: "target" or "class"
	tree, id, feature, yes, no, missing  []int64
	mode                                 []string
	value                                []float32
	weightTree, weightNode, weightTarget []int64
	weight                               []float32
	targets                              int
	treeNames                            []int64 // of the trees

	index map[[2]int64]int // of a node, by its tree and number
	to    trees.Ensemble
}

// readListed takes the lists of a node.
func readListed(n *graph.Node, prefix string, dim, targets int) (*listed, error) {
	l := &listed{
		node: n, prefix: prefix, targets: targets,
		tree: n.Ints("nodes_treeids"), id: n.Ints("nodes_nodeids"), feature: n.Ints("nodes_featureids"),
		yes: n.Ints("nodes_truenodeids"), no: n.Ints("nodes_falsenodeids"), missing: n.Ints("nodes_missing_value_tracks_true"),
		mode: n.Texts("nodes_modes"), value: n.Floats("nodes_values"),
		weightTree: n.Ints(prefix + "_treeids"), weightNode: n.Ints(prefix + "_nodeids"), weightTarget: n.Ints(prefix + "_ids"),
		weight: n.Floats(prefix + "_weights"), index: map[[2]int64]int{},
	}
	n.Ignore("nodes_hitrates") // how often a training row came by
	l.to = trees.Ensemble{Dim: dim, Targets: targets, Aggregate: trees.Sum}
	return l, l.lengths()
}

// lengths refuses lists that do not belong together.
func (l *listed) lengths() error {
	if len(l.tree) == 0 {
		return l.node.Errorf("nodes_treeids is empty: there are no trees")
	}
	for _, c := range []struct {
		name      string
		got, want int
		like      string
	}{
		{"nodes_nodeids", len(l.id), len(l.tree), "nodes_treeids"},
		{"nodes_featureids", len(l.feature), len(l.tree), "nodes_treeids"},
		{"nodes_truenodeids", len(l.yes), len(l.tree), "nodes_treeids"},
		{"nodes_falsenodeids", len(l.no), len(l.tree), "nodes_treeids"},
		{"nodes_modes", len(l.mode), len(l.tree), "nodes_treeids"},
		{"nodes_values", len(l.value), len(l.tree), "nodes_treeids"},
		{l.prefix + "_treeids", len(l.weightTree), len(l.weight), l.prefix + "_weights"},
		{l.prefix + "_nodeids", len(l.weightNode), len(l.weight), l.prefix + "_weights"},
		{l.prefix + "_ids", len(l.weightTarget), len(l.weight), l.prefix + "_weights"},
	} {
		if c.got != c.want {
			return l.node.Errorf("%s has %d elements, and %s has %d", c.name, c.got, c.like, c.want)
		}
	}
	if len(l.missing) != 0 && len(l.missing) != len(l.tree) {
		return l.node.Errorf("nodes_missing_value_tracks_true has %d elements, and nodes_treeids has %d", len(l.missing), len(l.tree))
	}
	if l.targets < 1 || l.targets > wire.MaxOutputs {
		return l.node.Errorf("%d outputs: 1 to %d are supported", l.targets, wire.MaxOutputs)
	}
	return nil
}

// ensemble makes the trees.
func (l *listed) ensemble() (*trees.Ensemble, error) {
	seen := map[int64]bool{}
	for i := range l.tree {
		if i == 0 || l.tree[i] != l.tree[i-1] {
			if seen[l.tree[i]] {
				return nil, l.node.Errorf("nodes_treeids: the nodes of tree %d do not stand together", l.tree[i])
			}
			seen[l.tree[i]] = true
			l.treeNames = append(l.treeNames, l.tree[i])
		}
		at := [2]int64{l.tree[i], l.id[i]}
		if _, twice := l.index[at]; twice {
			return nil, l.node.Errorf("nodes_nodeids: node %d of tree %d is there twice", l.id[i], l.tree[i])
		}
		l.index[at] = i
	}
	leaves, err := l.weights()
	if err != nil {
		return nil, err
	}
	place := l.places()
	for i := range l.tree {
		if i == 0 || l.tree[i] != l.tree[i-1] {
			l.to.Trees = append(l.to.Trees, trees.Tree{})
		}
		t := &l.to.Trees[len(l.to.Trees)-1]
		if l.mode[i] == "LEAF" {
			if l.targets == 1 && leaves[i].End == leaves[i].First {
				return nil, l.node.Errorf("%s_nodeids: node %d of tree %d is a leaf without a weight", l.prefix, l.id[i], l.tree[i])
			}
			t.Leaves = append(t.Leaves, leaves[i])
			continue
		}
		n, err := l.split(i, place)
		if err != nil {
			return nil, err
		}
		t.Nodes = append(t.Nodes, n)
	}
	return &l.to, l.roots()
}

// roots refuses a tree that begins with a leaf and has nodes.
func (l *listed) roots() error {
	first := 0
	for i, t := range l.to.Trees {
		if l.mode[first] == "LEAF" && len(t.Nodes) > 0 {
			return l.node.Errorf("nodes_modes: tree %d begins with a leaf, and its root must come first", l.treeNames[i])
		}
		first += len(t.Nodes) + len(t.Leaves)
	}
	return nil
}

// places returns, for each node of the file, its number among the nodes of its tree, or ^its number
// among the leaves.
func (l *listed) places() []int32 {
	all := make([]int32, len(l.tree))
	nodes, leaves := int32(0), int32(0)
	for i := range l.tree {
		if i > 0 && l.tree[i] != l.tree[i-1] {
			nodes, leaves = 0, 0
		}
		if l.mode[i] == "LEAF" {
			all[i] = ^leaves
			leaves++
		} else {
			all[i] = nodes
			nodes++
		}
	}
	return all
}

var modes = map[string]trees.Mode{
	"BRANCH_LEQ": trees.LEQ, "BRANCH_LT": trees.LT, "BRANCH_GTE": trees.GTE, "BRANCH_GT": trees.GT,
	"BRANCH_EQ": trees.EQ, "BRANCH_NEQ": trees.NEQ,
}

// split makes node i of the file.
func (l *listed) split(i int, place []int32) (trees.Node, error) {
	mode, known := modes[l.mode[i]]
	switch {
	case !known:
		return trees.Node{}, l.wrong(i, "nodes_modes", "%q: BRANCH_LEQ, _LT, _GTE, _GT, _EQ, _NEQ and LEAF are supported", l.mode[i])
	case l.feature[i] < 0 || l.feature[i] >= int64(l.to.Dim):
		return trees.Node{}, l.wrong(i, "nodes_featureids", "feature %d of %d", l.feature[i], l.to.Dim)
	case l.value[i] != l.value[i]:
		return trees.Node{}, l.wrong(i, "nodes_values", "NaN as a threshold")
	}
	yes, found := l.index[[2]int64{l.tree[i], l.yes[i]}]
	if !found {
		return trees.Node{}, l.wrong(i, "nodes_truenodeids", "there is no node %d", l.yes[i])
	}
	no, found := l.index[[2]int64{l.tree[i], l.no[i]}]
	if !found {
		return trees.Node{}, l.wrong(i, "nodes_falsenodeids", "there is no node %d", l.no[i])
	}
	return trees.Node{
		Feature: int(l.feature[i]), Mode: mode, Value: l.value[i], True: place[yes], False: place[no],
		MissingTrue: len(l.missing) > 0 && l.missing[i] == 1,
	}, nil
}

func (l *listed) wrong(i int, list, format string, args ...any) error {
	return l.node.Errorf("%s of tree %d, node %d: %w", list, l.tree[i], l.id[i], errorf(format, args...))
}

// weights returns, for each node of the file, the weights that it has.
func (l *listed) weights() ([]trees.Leaf, error) {
	nodes := make([]trees.Leaf, len(l.tree))
	at := make([]int, len(l.weight)) // the node of each weight
	for i := range l.weight {
		node, found := l.index[[2]int64{l.weightTree[i], l.weightNode[i]}]
		switch {
		case !found:
			return nil, l.node.Errorf("%s_nodeids: there is no node %d of tree %d", l.prefix, l.weightNode[i], l.weightTree[i])
		case l.weightTarget[i] < 0 || l.weightTarget[i] >= int64(l.targets):
			return nil, l.node.Errorf("%s_ids: %d of %d at node %d of tree %d", l.prefix, l.weightTarget[i], l.targets, l.weightNode[i], l.weightTree[i])
		}
		at[i] = node
		nodes[node].End++
	}
	total := 0
	for i := range nodes {
		nodes[i] = trees.Leaf{First: total, End: total + nodes[i].End}
		total = nodes[i].End
	}
	l.to.Weights = make([]trees.Weight, total)
	next := make([]int, len(nodes))
	for i, node := range at {
		l.to.Weights[nodes[node].First+next[node]] = trees.Weight{Target: int(l.weightTarget[i]), Value: l.weight[i]}
		next[node]++
		if l.targets == 1 && next[node] == 2 {
			return nil, l.node.Errorf("%s_nodeids: node %d of tree %d has two weights", l.prefix, l.weightNode[i], l.weightTree[i])
		}
	}
	return nodes, nil
}

// fault puts a fault of a tree into the words of the file.
func (l *listed) fault(f *trees.Fault) error {
	name, list, node := l.treeNames[f.Tree], "nodes_nodeids", f.Node
	if f.Side != "" {
		list = "nodes_falsenodeids"
		if f.True {
			list = "nodes_truenodeids"
		}
	}
	if node < 0 {
		return l.node.Errorf("%s of tree %d: %s, counting its leaves from 0", list, name, f.Why)
	}
	for i := range l.tree {
		if l.tree[i] != name || l.mode[i] == "LEAF" {
			continue
		}
		if node--; node < 0 {
			return l.node.Errorf("%s of tree %d, node %d: %s, counting splits and leaves from 0 each", list, name, l.id[i], f.Why)
		}
	}
	return l.node.Errorf("%s of tree %d: %s", list, name, f.Why)
}
