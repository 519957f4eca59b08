package xgboost

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/disrust/disrust/batcher/forest/internal/document"
)

// tree is one tree as the file has it: lists with an element for each node.
type tree struct {
	left, right []int32
	feature     []int32
	condition   []float32 // the threshold of a split, the value of a leaf
	defaultLeft []bool
	categorical []bool    // nil: none
	gain        []float32 // nil: the file has none

	// sets has the categories of the nodes of setNodes one after the other: those of node
	// setNodes[i] are sets[setStart[i]:setStart[i]+setSize[i]].
	sets, setNodes, setStart, setSize []int32
}

// treeReader reads one tree after the other. Each list is read into scratch memory and copied
// when its length is known.
type treeReader struct {
	r       document.Reader
	fields  []document.Field
	tree    *tree
	nodes   string // num_nodes
	vector  string // size_leaf_vector
	ints    []int32
	floats  []float32
	flags   []bool
	present map[string]bool
}

func newTreeReader(r document.Reader) *treeReader {
	t := &treeReader{r: r, present: map[string]bool{}}
	t.fields = []document.Field{
		t.intList("left_children", func() *[]int32 { return &t.tree.left }),
		t.intList("right_children", func() *[]int32 { return &t.tree.right }),
		t.intList("split_indices", func() *[]int32 { return &t.tree.feature }),
		t.intList("categories", func() *[]int32 { return &t.tree.sets }),
		t.intList("categories_nodes", func() *[]int32 { return &t.tree.setNodes }),
		t.intList("categories_segments", func() *[]int32 { return &t.tree.setStart }),
		t.intList("categories_sizes", func() *[]int32 { return &t.tree.setSize }),
		t.floatList("split_conditions", func() *[]float32 { return &t.tree.condition }),
		t.floatList("loss_changes", func() *[]float32 { return &t.tree.gain }),
		t.flagList("default_left", func() *[]bool { return &t.tree.defaultLeft }),
		t.flagList("split_type", func() *[]bool { return &t.tree.categorical }),
		{Name: "tree_param", Required: true, Read: func() error {
			return document.Fields(r, []document.Field{
				text(r, "num_nodes", &t.nodes, true),
				text(r, "size_leaf_vector", &t.vector, false),
			}, nil)
		}},
	}
	return t
}

func (t *treeReader) intList(name string, to func() *[]int32) document.Field {
	return document.Field{Name: name, Read: func() (err error) {
		t.ints, err = t.r.Int32s(t.ints[:0])
		*to() = slices.Clone(t.ints)
		t.present[name] = true
		return err
	}}
}

func (t *treeReader) floatList(name string, to func() *[]float32) document.Field {
	return document.Field{Name: name, Read: func() (err error) {
		t.floats, err = t.r.Float32s(t.floats[:0])
		*to() = slices.Clone(t.floats)
		t.present[name] = true
		return err
	}}
}

func (t *treeReader) flagList(name string, to func() *[]bool) document.Field {
	return document.Field{Name: name, Read: func() (err error) {
		t.flags, err = document.Flags(t.r, t.flags[:0])
		*to() = slices.Clone(t.flags)
		t.present[name] = true
		return err
	}}
}

// read reads the next tree and checks that its lists have one length.
func (t *treeReader) read() (*tree, error) {
	t.tree, t.nodes, t.vector = &tree{}, "", ""
	clear(t.present)
	if err := document.Fields(t.r, t.fields, nil); err != nil {
		return nil, err
	}
	// A tree with vector leaves has other lists, so this comes first.
	if t.vector != "" && t.vector != "0" && t.vector != "1" {
		return nil, fmt.Errorf("size_leaf_vector is %s: trees with several values per leaf are not supported; train with multi_strategy=one_output_per_tree", quote(t.vector))
	}
	for _, name := range []string{"left_children", "right_children", "split_indices", "split_conditions", "default_left"} {
		if !t.present[name] {
			return nil, fmt.Errorf("%s is missing", name)
		}
	}
	return t.tree, t.tree.checkLengths(t.nodes)
}

func (t *tree) checkLengths(numNodes string) error {
	n := len(t.left)
	if n == 0 {
		return errors.New("left_children is empty: a tree has at least one node")
	}
	if numNodes != strconv.Itoa(n) {
		return fmt.Errorf("num_nodes is %s, but left_children has %d elements", quote(numNodes), n)
	}
	for _, list := range []struct {
		name     string
		length   int
		optional bool
	}{
		{"right_children", len(t.right), false},
		{"split_indices", len(t.feature), false},
		{"split_conditions", len(t.condition), false},
		{"default_left", len(t.defaultLeft), false},
		{"split_type", len(t.categorical), true},
		{"loss_changes", len(t.gain), true},
	} {
		if list.length != n && !(list.optional && list.length == 0) {
			return fmt.Errorf("%s has %d elements, but left_children has %d", list.name, list.length, n)
		}
	}
	return t.checkSets()
}

// maxCategory is the largest category that XGBoost distinguishes.
const maxCategory = 1<<24 - 1

// checkSets checks the lists of categories.
func (t *tree) checkSets() error {
	if len(t.setStart) != len(t.setNodes) || len(t.setSize) != len(t.setNodes) {
		return fmt.Errorf("categories_nodes has %d elements, but categories_segments %d and categories_sizes %d", len(t.setNodes), len(t.setStart), len(t.setSize))
	}
	for i, node := range t.setNodes {
		start, size := int64(t.setStart[i]), int64(t.setSize[i])
		switch {
		case node < 0 || int(node) >= len(t.left) || i > 0 && node <= t.setNodes[i-1]:
			return fmt.Errorf("categories_nodes: element %d is %d: nodes of the tree in ascending order are expected", i, node)
		case len(t.categorical) == 0 || !t.categorical[node]:
			return inNode(node, "split_type is 0 (numerical), but categories_nodes lists the node")
		case start < 0 || size < 0 || start+size > int64(len(t.sets)):
			return inNode(node, "categories %d to %d, but there are %d", start, start+size, len(t.sets))
		}
	}
	for i, c := range t.sets {
		if c < 0 || c > maxCategory {
			return fmt.Errorf("categories: element %d is %d: 0 to %d is allowed", i, c, maxCategory)
		}
	}
	return nil
}

// set returns the categories of a node, if the file lists it.
func (t *tree) set(node int32) (categories []int32, ok bool) {
	i, ok := slices.BinarySearch(t.setNodes, node)
	if !ok {
		return nil, false
	}
	return t.sets[t.setStart[i] : t.setStart[i]+t.setSize[i]], true
}

func (t *tree) isCategorical(node int32) bool {
	return len(t.categorical) > 0 && t.categorical[node]
}
