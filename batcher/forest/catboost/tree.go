package catboost

import (
	"errors"
	"fmt"
	"slices"

	"github.com/disrust/disrust/batcher/forest/internal/catmodel"
	"github.com/disrust/disrust/batcher/forest/internal/document"
)

// readOblivious reads a symmetric tree.
func readOblivious(r document.Reader) (*catmodel.Tree, error) {
	t := &catmodel.Tree{Symmetric: true}
	return t, document.Fields(r, []document.Field{
		{Name: "leaf_values", Required: true, Read: func() (err error) { t.Values, err = r.Float64s(nil); return err }},
		{Name: "splits", Read: func() error { // null if there are none
			if kind, err := r.Kind(); err != nil {
				return err
			} else if kind == document.Null {
				return r.Skip()
			}
			return document.Each(r, func(int) error {
				s, err := readSplit(r)
				t.Splits = append(t.Splits, s)
				return err
			})
		}},
	}, nil)
}

func readSplit(r document.Reader) (s catmodel.Split, err error) {
	kind := ""
	hasBorder := false
	err = document.Fields(r, []document.Field{
		{Name: "border", Read: func() (err error) { hasBorder = true; s.Border, err = r.Float32(); return err }},
		{Name: "float_feature_index", Read: func() (err error) { s.Feature, err = r.Int32(); return err }},
		text(r, "split_type", &kind),
	}, nil)
	switch {
	case err != nil:
	case kind != "FloatFeature":
		err = fmt.Errorf("split_type %s: FloatFeature alone is supported", catmodel.Quote(kind))
	case !hasBorder:
		err = errors.New("border is missing")
	case s.Border-s.Border != 0:
		err = fmt.Errorf("border %v: it must be finite", s.Border)
	}
	return s, err
}

// nested is a tree of nested objects while it is read. Its nodes stand after those below them.
type nested struct {
	catmodel.Tree
	width int // how many values the first leaf has
}

// readNested reads a tree of nested objects. The reader allows them a depth of about 25.
func readNested(r document.Reader) (*catmodel.Tree, error) {
	t := &nested{}
	if _, err := t.readNode(r); err != nil {
		return nil, err
	}
	t.turn()
	return &t.Tree, nil
}

// turn puts the root first.
func (t *nested) turn() {
	slices.Reverse(t.Nodes)
	slices.Reverse(t.Splits)
	last := int32(len(t.Nodes) - 1)
	for i := range t.Nodes {
		for _, child := range []*int32{&t.Nodes[i].Left, &t.Nodes[i].Right} {
			if *child >= 0 {
				*child = last - *child
			}
		}
	}
}

// readNode reads a node or leaf with all that is below it, and returns its number.
func (t *nested) readNode(r document.Reader) (int32, error) {
	var n catmodel.Node
	var isNode, hasLeft, hasRight, isLeaf bool
	var s catmodel.Split
	child := func(to *int32, has *bool) func() error {
		return func() (err error) { *has = true; *to, err = t.readNode(r); return err }
	}
	err := document.Fields(r, []document.Field{
		{Name: "split", Read: func() (err error) { isNode = true; s, err = readSplit(r); return err }},
		{Name: "left", Read: child(&n.Left, &hasLeft)},
		{Name: "right", Read: child(&n.Right, &hasRight)},
		{Name: "value", Read: func() error { isLeaf = true; return t.readValue(r) }},
	}, nil)
	switch {
	case err != nil:
		return 0, err
	case isNode && hasLeft && hasRight && !isLeaf:
		t.Nodes = append(t.Nodes, n)
		t.Splits = append(t.Splits, s)
		return int32(len(t.Nodes) - 1), nil
	case isLeaf && !isNode && !hasLeft && !hasRight:
		t.Leaves++
		return ^int32(t.Leaves - 1), nil
	}
	return 0, errors.New("a node has split, left and right, and a leaf has value: this has neither, or some of both")
}

// readValue reads the value of a leaf, or one for each output. All leaves must have as many.
func (t *nested) readValue(r document.Reader) error {
	kind, err := r.Kind()
	if err != nil {
		return err
	}
	before := len(t.Values)
	if kind == document.Array {
		t.Values, err = r.Float64s(t.Values)
	} else {
		var x float64
		x, err = r.Float64()
		t.Values = append(t.Values, x)
	}
	width := len(t.Values) - before
	if before == 0 {
		t.width = width
	}
	switch {
	case err != nil:
		return err
	case width == 0:
		return errors.New("a leaf without a value")
	case width != t.width:
		return fmt.Errorf("leaf %d has %d values, but leaf 0 has %d", t.Leaves, width, t.width)
	}
	return nil
}
