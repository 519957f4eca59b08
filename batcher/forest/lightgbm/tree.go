package lightgbm

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/disrust/disrust/batcher/forest/ensemble"
)

// The keys of a tree that are needed.
const (
	numLeaves = iota
	numCat
	isLinear
	splitFeature
	threshold
	decisionType
	leftChild
	rightChild
	leafValue
	catBoundaries
	catThreshold
	leafConst
	numFeatures
	leafFeatures
	leafCoeff
	splitGain
	needed
)

// treeKeys are the keys of a tree. Those after the needed ones only describe the training.
var treeKeys = []string{
	"num_leaves", "num_cat", "is_linear", "split_feature", "threshold", "decision_type", "left_child", "right_child",
	"leaf_value", "cat_boundaries", "cat_threshold", "leaf_const", "num_features", "leaf_features", "leaf_coeff", "split_gain",
	"leaf_weight", "leaf_count", "internal_value", "internal_weight", "internal_count", "shrinkage", "leaf_parent",
}

// treeReader reads trees. Its slices serve all trees, one after the other.
type treeReader struct {
	dim    int
	values [needed][]byte
	given  [64]bool // of the keys
	last   string   // the last key, for a file that ends early

	leaves     int
	leafValues []float64
	features   []int32
	thresholds []float64
	decisions  []int32
	left       []int32
	right      []int32
	gains      []float64
	boundaries []int32
	sets       []uint32
	constants  []float64
	counts     []int32
	terms      []int32
	coeffs     []float64
	allTerms   []ensemble.Term
	linear     []ensemble.Linear
	nodes      []ensemble.Node
	tree       ensemble.Tree
}

// line takes a line of a tree.
func (r *treeReader) line(line []byte) error {
	key, value, ok := bytes.Cut(line, []byte("="))
	i := slices.IndexFunc(treeKeys, func(k string) bool { return k == string(key) })
	if !ok || i < 0 {
		return fmt.Errorf("%q is unknown", short(line))
	}
	if r.given[i] {
		return fmt.Errorf("%s stands there twice", treeKeys[i])
	}
	r.given[i], r.last = true, treeKeys[i]
	if i < needed {
		r.values[i] = value
	}
	return nil
}

// start forgets the lines of the tree before.
func (r *treeReader) start() {
	clear(r.values[:])
	clear(r.given[:])
	r.last = "its first line"
}

// finish returns the tree whose lines were taken. It is valid until the next.
func (r *treeReader) finish() (*ensemble.Tree, error) {
	n, err := r.count(numLeaves, 1, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, errors.New("num_leaves is missing")
	}
	r.leaves = n
	r.tree = ensemble.Tree{}
	if r.leafValues, err = r.decimals(leafValue, r.leafValues, n); err != nil {
		return nil, err
	}
	r.tree.Leaves = r.leafValues
	linear, err := r.count(isLinear, 0, 1)
	if err == nil && linear == 1 {
		err = r.linearLeaves()
	}
	if err == nil && n > 1 {
		err = r.splits()
	}
	return &r.tree, err
}

// count returns the number of a key; 0 if it is not there.
func (r *treeReader) count(key int, low, high int64) (int, error) {
	if !r.given[key] {
		return 0, nil
	}
	n, err := whole(r.values[key])
	if err == nil && (n < low || n > high) {
		err = fmt.Errorf("%d to %d is supported", low, high)
	}
	if err != nil {
		return 0, fmt.Errorf("%s=%s: %w", treeKeys[key], short(r.values[key]), err)
	}
	return int(n), nil
}

// decimals parses the list of a key, which must have count numbers.
func (r *treeReader) decimals(key int, dst []float64, count int) ([]float64, error) {
	dst, err := decimals(dst, r.values[key], count)
	return dst, r.list(key, len(dst), count, err)
}

func (r *treeReader) wholes(key int, dst []int32, count int, low, high int64) ([]int32, error) {
	dst, err := wholes(dst, r.values[key], count, low, high)
	return dst, r.list(key, len(dst), count, err)
}

// list reports what is wrong with a list, of which got numbers were parsed.
func (r *treeReader) list(key, got, count int, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s, %w", treeKeys[key], err)
	case !r.given[key] && count > 0:
		return fmt.Errorf("%s is missing: num_leaves=%d needs %d numbers", treeKeys[key], r.leaves, count)
	case got > count:
		return fmt.Errorf("%s has more than %d numbers: num_leaves=%d needs %d", treeKeys[key], count, r.leaves, count)
	case got < count:
		return fmt.Errorf("%s has %d numbers: num_leaves=%d needs %d", treeKeys[key], got, r.leaves, count)
	}
	return nil
}

// splits parses the nodes.
func (r *treeReader) splits() (err error) {
	n := r.leaves - 1
	if r.features, err = r.wholes(splitFeature, r.features, n, math.MinInt32, math.MaxInt32); err != nil {
		return err
	}
	if r.thresholds, err = r.decimals(threshold, r.thresholds, n); err != nil {
		return err
	}
	if r.given[decisionType] {
		if r.decisions, err = r.wholes(decisionType, r.decisions, n, math.MinInt32, math.MaxInt32); err != nil {
			return err
		}
	} else {
		r.decisions = append(r.decisions[:0], make([]int32, n)...)
	}
	if r.left, err = r.wholes(leftChild, r.left, n, math.MinInt32, math.MaxInt32); err != nil {
		return err
	}
	if r.right, err = r.wholes(rightChild, r.right, n, math.MinInt32, math.MaxInt32); err != nil {
		return err
	}
	r.gains = r.gains[:0]
	if r.given[splitGain] {
		if r.gains, err = r.decimals(splitGain, r.gains, n); err != nil {
			return err
		}
	}
	if err := r.categories(); err != nil {
		return err
	}
	r.nodes = r.nodes[:0]
	for i := range n {
		node, err := r.node(i)
		if err != nil {
			return fmt.Errorf("node %d: %w", i, err)
		}
		r.nodes = append(r.nodes, node)
	}
	r.tree.Nodes = r.nodes
	return nil
}

// Bits of decision_type.
const (
	categorical = 1
	defaultLeft = 2
	missingType = 12
	missingZero = 4
	missingNaN  = 8
)

// missing are the rules for missing values, by the bits of decision_type but the first.
var missing = map[int32]ensemble.Missing{
	0:                         ensemble.NaNZero,
	defaultLeft:               ensemble.NaNZero,
	missingZero:               ensemble.ZeroRight,
	missingZero | defaultLeft: ensemble.ZeroLeft,
	missingNaN:                ensemble.NaNRight,
	missingNaN | defaultLeft:  ensemble.NaNLeft,
}

func (r *treeReader) node(i int) (ensemble.Node, error) {
	n := ensemble.Node{Feature: int(r.features[i]), Left: r.left[i], Right: r.right[i]}
	if n.Feature < 0 || n.Feature >= r.dim {
		return n, fmt.Errorf("split_feature %d does not exist: max_feature_idx=%d", n.Feature, r.dim-1)
	}
	kind := r.decisions[i]
	rule, known := missing[kind&^categorical]
	if !known {
		return n, fmt.Errorf("decision_type %d is unknown: 0 to 11 are supported", kind)
	}
	if kind&categorical != 0 {
		n.Test, n.Missing = ensemble.In, ensemble.NaNRight
		return n, r.set(i, &n)
	}
	n.Missing = rule
	n.Threshold = ensemble.UpToDouble(r.thresholds[i])
	return n, nil
}
