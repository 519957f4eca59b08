package lightgbm

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/disrust/disrust/wire"
)

// head is what stands before the trees.
type head struct {
	version   string
	dim       int
	sums      int // num_tree_per_iteration
	trees     int
	average   bool
	objective objective
	line      string // the objective's
	names     []string
}

// headKeys are the keys before the trees. What they say of the training is not needed, and
// tree_sizes may not match an edited file.
var headKeys = []string{
	"version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "objective",
	"average_output", "feature_names", "monotone_constraints", "feature_infos", "tree_sizes",
}

// parseHead reads up to the line of the first tree, which it leaves in l.
func parseHead(l *lines) (*head, error) {
	values := map[string][]byte{}
	for {
		before := l.rest
		line, ok := l.next()
		if !ok {
			return nil, errors.New("the file ends before the first tree, without 'end of trees': save it again with booster.save_model")
		}
		if bytes.HasPrefix(line, []byte("Tree=")) {
			l.rest = before
			return newHead(values, before)
		}
		if string(line) == "end of trees" {
			return nil, errors.New("the model has no trees: train it before saving it")
		}
		if len(line) == 0 || string(line) == "tree" && len(values) == 0 {
			continue
		}
		key, value, _ := bytes.Cut(line, []byte("="))
		i := slices.IndexFunc(headKeys, func(k string) bool { return k == string(key) })
		if i < 0 {
			return nil, fmt.Errorf("%q before the first tree is unknown", short(line))
		}
		if _, twice := values[headKeys[i]]; twice {
			return nil, fmt.Errorf("%s stands there twice", headKeys[i])
		}
		values[headKeys[i]] = value
	}
}

// newHead understands the values of the keys, before trees.
func newHead(values map[string][]byte, trees []byte) (*head, error) {
	h := &head{version: string(values["version"][:min(len(values["version"]), 10)])}
	if !slices.Contains([]string{"", "v2", "v3", "v4"}, h.version) {
		return nil, fmt.Errorf("version=%s is unknown: v2 to v4 are supported", h.version)
	}
	var err error
	if h.dim, err = number(values, "max_feature_idx", -1, 0, wire.MaxDim-1); err != nil {
		return nil, err
	}
	h.dim++
	classes, err := number(values, "num_class", 1, 1, wire.MaxOutputs)
	if err != nil {
		return nil, err
	}
	if h.sums, err = number(values, "num_tree_per_iteration", classes, 1, wire.MaxOutputs); err != nil {
		return nil, err
	}
	if h.trees, err = countTrees(trees, h.sums); err != nil {
		return nil, err
	}
	if h.sums != classes {
		return nil, fmt.Errorf("num_class=%d does not go with num_tree_per_iteration=%d", classes, h.sums)
	}
	_, h.average = values["average_output"]
	h.line = string(values["objective"][:min(len(values["objective"]), 200)])
	if h.objective, err = parseObjective(values["objective"], h.sums); err != nil {
		return nil, err
	}
	h.names, err = names(values, h.dim)
	return h, err
}

// countTrees returns how many trees there are.
func countTrees(trees []byte, sums int) (int, error) {
	n := 1 + bytes.Count(trees, []byte("\nTree="))
	if n%sums != 0 {
		return 0, fmt.Errorf("num_tree_per_iteration=%d does not go with %d trees: each iteration needs %d", sums, n, sums)
	}
	return n, nil
}

// leastPerLeaf is how many bytes a leaf and its split take at least.
const leastPerLeaf = 10

// countLeaves returns how many leaves there are, as num_leaves says and as many as the bytes
// can have.
func countLeaves(trees []byte) int {
	most, total := int64(len(trees)/leastPerLeaf), int64(0)
	for key := []byte("\nnum_leaves="); ; {
		i := bytes.Index(trees, key)
		if i < 0 {
			return int(min(total, most))
		}
		trees = trees[i+len(key):]
		line, _, _ := bytes.Cut(trees[:min(len(trees), 20)], []byte("\n"))
		if n, err := whole(bytes.TrimRight(line, "\r")); err == nil && n > 0 {
			total = min(total+n, most)
		}
	}
}

// number returns the value of a key, which must be there if it has no default, a negative one.
func number(values map[string][]byte, key string, missing, low, high int) (int, error) {
	value, ok := values[key]
	if !ok && missing >= 0 {
		return missing, nil
	}
	if !ok {
		return 0, fmt.Errorf("%s is missing", key)
	}
	n, err := whole(value)
	if err != nil {
		return 0, fmt.Errorf("%s=%s is no whole number", key, short(value))
	}
	if n < int64(low) || n > int64(high) {
		return 0, fmt.Errorf("%s=%d: %d to %d is supported", key, n, low, high)
	}
	return int(n), nil
}

// names returns the names of the features, and checks the lists that have one entry for each.
func names(values map[string][]byte, dim int) ([]string, error) {
	for _, key := range []string{"feature_names", "feature_infos"} {
		if value, ok := values[key]; ok && len(value) > 0 {
			if n := bytes.Count(value, []byte(" ")) + 1; n != dim {
				return nil, fmt.Errorf("%s has %d entries: max_feature_idx=%d needs %d", key, n, dim-1, dim)
			}
		}
	}
	if len(values["feature_names"]) == 0 {
		return nil, nil
	}
	return strings.Split(string(values["feature_names"]), " "), nil
}
