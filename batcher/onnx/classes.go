package onnx

import (
	"slices"
	"strconv"

	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
)

// classes returns the names of the classes of which the graph answers one; nil if it is not known where
// they come from.
func (c *compiler) classes() []string {
	names, err := c.wanted(true)
	if err != nil {
		return nil
	}
	name, makers := names[0], map[string]*graph.Node{}
	for _, n := range c.graph.Nodes {
		for _, o := range n.Outputs {
			makers[o] = n
		}
	}
	for range c.graph.Nodes {
		n := makers[name]
		if n == nil {
			return nil
		}
		switch n.Operator {
		case "Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten":
			name = n.Input(0)
		case "TreeEnsembleClassifier", "LinearClassifier":
			if n.Outputs[0] != name {
				return nil
			}
			return namesIn(n.Attributes, "classlabels_strings", "classlabels_int64s", "classlabels_ints")
		case "ArrayFeatureExtractor", "Gather":
			return c.listed(n.Input(0), makers)
		default:
			return nil
		}
	}
	return nil
}

// namesIn returns the first of these lists that there is.
func namesIn(attributes []proto.Attribute, lists ...string) []string {
	for _, list := range lists {
		i := slices.IndexFunc(attributes, func(a proto.Attribute) bool { return a.Name == list })
		if i < 0 || len(attributes[i].Strings)+len(attributes[i].Ints) == 0 {
			continue
		}
		all := slices.Clone(attributes[i].Strings)
		for _, x := range attributes[i].Ints {
			all = append(all, strconv.FormatInt(x, 10))
		}
		return all
	}
	return nil
}

// listed returns the elements of a constant.
func (c *compiler) listed(name string, makers map[string]*graph.Node) []string {
	t := c.graph.Constants[name]
	if n := makers[name]; n != nil && n.Operator == "Constant" {
		for i := range n.Attributes {
			if n.Attributes[i].Name == "value" {
				t = n.Attributes[i].T
			}
		}
	}
	if t == nil || t.Check() != nil {
		return nil
	}
	if texts := t.Texts(); texts != nil {
		return texts
	}
	var all []string
	for _, x := range t.Doubles() {
		all = append(all, strconv.FormatFloat(x, 'f', -1, 64))
	}
	return all
}
