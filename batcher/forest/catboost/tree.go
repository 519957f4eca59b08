package catboost

import (
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher/forest/internal/document"
)

// tree is a tree of the file. A symmetric one has the same split at all nodes of a level, and no
// nodes.
type tree struct {
	symmetric bool
	splits    []split // of each level, or of each node
	nodes     []node
	values    []float64 // of the leaves, those of a leaf together
	widths    []int32   // of a nested tree: how many values each leaf has
	root      int32     // of a nested tree
}

// split sends a row right if its feature is above the border.
type split struct {
	feature int32
	border  float32
}

// node has two children: other nodes, or ^leaf.
type node struct{ left, right int32 }

// maxDepth is how deep a tree of CatBoost can be.
const maxDepth = 16

// outputs returns how many values the first leaf has.
func (t *tree) outputs() int {
	if t.symmetric {
		return len(t.values) >> len(t.splits)
	}
	return int(t.widths[0])
}

// readOblivious reads a symmetric tree.
func readOblivious(r document.Reader) (*tree, error) {
	t := &tree{symmetric: true}
	return t, document.Fields(r, []document.Field{
		{Name: "leaf_values", Required: true, Read: func() (err error) { t.values, err = r.Float64s(nil); return err }},
		{Name: "splits", Read: func() error { // null if there are none
			if kind, err := r.Kind(); err != nil {
				return err
			} else if kind == document.Null {
				return r.Skip()
			}
			return document.Each(r, func(int) error {
				s, err := readSplit(r)
				t.splits = append(t.splits, s)
				return err
			})
		}},
	}, nil)
}

func readSplit(r document.Reader) (s split, err error) {
	kind := ""
	hasBorder := false
	err = document.Fields(r, []document.Field{
		{Name: "border", Read: func() (err error) { hasBorder = true; s.border, err = r.Float32(); return err }},
		{Name: "float_feature_index", Read: func() (err error) { s.feature, err = r.Int32(); return err }},
		text(r, "split_type", &kind),
	}, nil)
	switch {
	case err != nil:
	case kind != "FloatFeature":
		err = fmt.Errorf("split_type %s: FloatFeature alone is supported", quote(kind))
	case !hasBorder:
		err = errors.New("border is missing")
	case s.border-s.border != 0:
		err = fmt.Errorf("border %v: it must be finite", s.border)
	}
	return s, err
}

// readNested reads a tree of nested objects. The reader allows them a depth of about 25.
func readNested(r document.Reader) (*tree, error) {
	t := &tree{}
	root, err := t.readNode(r)
	t.root = root
	return t, err
}

// readNode reads a node or leaf with all that is below it, and returns its number.
func (t *tree) readNode(r document.Reader) (int32, error) {
	var left, right int32
	var isNode, hasLeft, hasRight, isLeaf bool
	var s split
	at := len(t.values)
	child := func(to *int32, has *bool) func() error {
		return func() (err error) { *has = true; *to, err = t.readNode(r); return err }
	}
	err := document.Fields(r, []document.Field{
		{Name: "split", Read: func() (err error) { isNode = true; s, err = readSplit(r); return err }},
		{Name: "left", Read: child(&left, &hasLeft)},
		{Name: "right", Read: child(&right, &hasRight)},
		{Name: "value", Read: func() error { isLeaf = true; at = len(t.values); return t.readValue(r) }},
	}, nil)
	switch {
	case err != nil:
		return 0, err
	case isNode && hasLeft && hasRight && !isLeaf:
		t.nodes = append(t.nodes, node{left, right})
		t.splits = append(t.splits, s)
		return int32(len(t.nodes) - 1), nil
	case isLeaf && !isNode && !hasLeft && !hasRight:
		t.widths = append(t.widths, int32(len(t.values)-at))
		return ^int32(len(t.widths) - 1), nil
	}
	return 0, errors.New("a node has split, left and right, and a leaf has value: this has neither, or some of both")
}

// readValue reads the value of a leaf, or one for each output.
func (t *tree) readValue(r document.Reader) error {
	kind, err := r.Kind()
	if err != nil {
		return err
	}
	if kind == document.Array {
		t.values, err = r.Float64s(t.values)
		return err
	}
	x, err := r.Float64()
	t.values = append(t.values, x)
	return err
}
