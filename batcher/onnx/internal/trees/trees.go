// Package trees compiles the tree ensembles of ONNX into stages of a pipeline.
//
// Package ensemble takes rows to leaves. What it does not know is turned into what it knows: a test
// for equality becomes a column of its own in front of the trees, and where leaves have several
// weights, or the smallest counts, the ensemble answers the leaves' numbers and a stage behind it
// looks up the weights.
package trees

import "math"

// Mode is how a node compares feature x with its value v.
type Mode uint8

// Modes, as TreeEnsemble numbers them.
const (
	LEQ    Mode = iota // x <= v
	LT                 // x < v
	GTE                // x >= v
	GT                 // x > v
	EQ                 // x == v
	NEQ                // x != v
	Member             // x is one of Members
)

// Node is a split. Rows for which it holds go to True.
type Node struct {
	Feature     int
	Mode        Mode
	MissingTrue bool // NaN goes to True, whatever Mode says
	Value       float32
	Members     []float32 // of Member
	True, False int32     // nodes, or ^leaf
}

// Tree is a tree. Node 0 is its root; without nodes it is leaf 0.
type Tree struct {
	Nodes  []Node
	Leaves []Leaf
}

// Leaf has the weights Ensemble.Weights[First:End].
type Leaf struct{ First, End int }

// Weight is added to a target.
type Weight struct {
	Target int
	Value  float32
}

// Aggregate is what becomes of the weights that a row collects for a target.
type Aggregate uint8

// Aggregates, as TreeEnsemble numbers them.
const (
	Average Aggregate = iota
	Sum
	Min
	Max
)

// Ensemble is what a loader makes of a node of the graph.
type Ensemble struct {
	Dim       int
	Targets   int
	Trees     []Tree
	Weights   []Weight // of all leaves
	Aggregate Aggregate
}

// direct reports whether the sums of package ensemble are the answer: each leaf of a tree has one
// weight, all for the same target.
func (e *Ensemble) direct() bool {
	if e.Aggregate == Min || e.Aggregate == Max {
		return false
	}
	for i := range e.Trees {
		leaves := e.Trees[i].Leaves
		for _, l := range leaves {
			if l.End-l.First != 1 || e.Weights[l.First].Target != e.Weights[leaves[0].First].Target {
				return false
			}
		}
	}
	return true
}

// Coverage says for which targets rows collect weights.
type Coverage struct {
	Always bool // every row does
	Never  bool // no row does
}

// Coverage returns the coverage of each target.
func (e *Ensemble) Coverage() []Coverage {
	all := make([]Coverage, e.Targets)
	in, with := make([]int, e.Targets), make([]int, e.Targets) // leaves of tree in[k]-1 with target k
	for k := range all {
		all[k].Never = true
	}
	for i := range e.Trees {
		for _, l := range e.Trees[i].Leaves {
			e.count(l, i+1, in, with)
			for _, w := range e.Weights[l.First:l.End] {
				all[w.Target].Never = false
				all[w.Target].Always = all[w.Target].Always || with[w.Target] == len(e.Trees[i].Leaves)
			}
		}
	}
	return all
}

// count counts a leaf of a tree once for each target that it has weights for.
func (e *Ensemble) count(l Leaf, tree int, in, with []int) {
	weights := e.Weights[l.First:l.End]
	for i, w := range weights {
		if in[w.Target] != tree {
			in[w.Target], with[w.Target] = tree, 0
		}
		if i == 0 || weights[i-1].Target != w.Target {
			with[w.Target]++
		}
	}
}

// Positive reports whether no weight is below 0.
func (e *Ensemble) Positive() bool {
	for _, w := range e.Weights {
		if w.Value < 0 {
			return false
		}
	}
	return true
}

// leaves returns how many leaves the trees have together.
func (e *Ensemble) leaves() int {
	count := 0
	for i := range e.Trees {
		count += len(e.Trees[i].Leaves)
	}
	return count
}

// members returns what x is compared with for equality; nil if n compares otherwise.
func (n *Node) members() []float32 {
	switch n.Mode {
	case EQ, NEQ:
		return []float32{n.Value}
	case Member:
		return n.Members
	}
	return nil
}

func isNaN(x float32) bool { return math.IsNaN(float64(x)) }
