package ensemble

// Tree is one tree as a loader hands it over. The builder copies what it needs: a loader may
// reuse the slices for the next tree.
type Tree struct {
	Group  int       // the sum that the leaf is added to
	Nodes  []Node    // node 0 is the root; none: the tree is leaf 0
	Leaves []float64 // values; with Single sums each must be a float32
	Linear []Linear  // nil, or one for each leaf

	// NodeNumbers and LeafNumbers are what the file calls the nodes and the leaves; nil: as here.
	NodeNumbers, LeafNumbers []int32

	// Pruned allows nodes and leaves that cannot be reached from the root. They are left out.
	Pruned bool
}

// Node is one split.
type Node struct {
	Feature   int
	Test      Test
	Missing   Missing
	Threshold float32  // of Below and UpTo; not NaN
	Set       []uint32 // of In and NotIn: bit c%32 of word c/32 is set for category c

	// Left and Right are nodes, or ^leaf for a leaf.
	Left, Right int32
}

// Test decides which rows go left, if their feature x is not missing.
type Test uint8

const (
	UpTo  Test = iota // x <= Threshold
	Below             // x < Threshold

	// In: the integer part of x is in Set. The integer part of -0.9 is category 0. What is
	// negative or beyond Set is not in it.
	In

	// NotIn: the integer part of x is not in Set, or x is negative, or at least 1 << 24.
	NotIn
)

// Missing says which features are missing, and where such rows go.
type Missing uint8

const (
	NaNRight  Missing = iota // NaN goes right
	NaNLeft                  // NaN goes left
	NaNZero                  // NaN is tested as 0
	ZeroRight                // NaN and |x| <= Tiny go right; UpTo and Below only
	ZeroLeft                 // NaN and |x| <= Tiny go left; UpTo and Below only
)

// Linear makes a leaf a linear function: Const plus Coeff times feature of each term, added in
// order in float64. If a feature of a term is NaN, the leaf's value of [Tree] is used.
type Linear struct {
	Const float64
	Terms []Term
}

// Term is one summand of a [Linear] leaf.
type Term struct {
	Feature int
	Coeff   float64
}

// Fault says why a tree is refused. Loaders put it into the words of their format.
type Fault struct {
	Node int    // the node whose field is wrong; -1: no node's
	Leaf int    // the leaf whose value is wrong; -1: no leaf's
	Side string // "left" or "right" if the child is wrong, else ""
	Why  string // what is wrong, such as "node 2 has two parents"
}

// Error implements error.
func (f *Fault) Error() string { return f.Why }
