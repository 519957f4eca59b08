package catmodel

// Tree is a tree of the file. A symmetric one has the same split at all nodes of a level, and no
// nodes.
type Tree struct {
	Symmetric bool
	Splits    []Split   // of each level, or of each node
	Nodes     []Node    // node 0 is the root; none: the tree is leaf 0
	Leaves    int       // of a tree that is not symmetric
	Values    []float64 // of the leaves, those of a leaf together
}

// Split sends a row right if its feature is above the border.
type Split struct {
	Feature int32 // its Index
	Border  float32
}

// Node has two children: other nodes, or ^leaf.
type Node struct{ Left, Right int32 }

// MaxDepth is how deep a tree of CatBoost can be.
const MaxDepth = 16

// outputs returns how many values a leaf has.
func (t *Tree) outputs() int {
	if t.Symmetric {
		return len(t.Values) >> len(t.Splits)
	}
	return len(t.Values) / t.Leaves
}
