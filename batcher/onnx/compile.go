package onnx

import (
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/pipeline"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
)

// value is a value of the graph while it is compiled.
type value struct {
	at      int           // its number in the pipeline
	width   int           // columns
	label   bool          // the index of a label
	skipped bool          // nobody asked for it
	tensor  *proto.Tensor // a constant, which has no number
}

// compiler turns the nodes of a graph into stages.
type compiler struct {
	graph   *graph.Graph
	values  map[string]value
	stages  []pipeline.Stage
	forests []*ensemble.Model
	classes bool // labels are asked for, not scores
	record  *ensemble.Record
}

// next is the number of the value that the next stage makes.
func (c *compiler) next() int { return len(c.stages) + 1 }

// add adds a stage, and returns the value that it makes.
func (c *compiler) add(s pipeline.Stage) value {
	c.stages = append(c.stages, s)
	return value{at: len(c.stages), width: s.Width()}
}

// wanted returns the names and kinds of the outputs that are asked for: all scores, or the label.
func (c *compiler) wanted(classes bool) (names []string, outputs []proto.ValueInfo, err error) {
	for _, o := range c.graph.Outputs {
		scores := o.Sequence || o.Element == proto.Float
		switch {
		case scores == !classes && (scores || o.Element == proto.Int64 || o.Element == proto.String):
			names, outputs = append(names, o.Name), append(outputs, o)
		case !scores && o.Element != proto.Int64 && o.Element != proto.String:
			return nil, nil, fmt.Errorf("the output %q is of type %s: float scores and labels are supported", o.Name, proto.TypeName(o.Element))
		}
	}
	switch {
	case !classes && len(names) == 0:
		return nil, nil, errors.New("the graph has no float output")
	case classes && len(names) != 1:
		return nil, nil, fmt.Errorf("class is refused: the graph has %d outputs of labels, and one is needed", len(names))
	}
	return names, outputs, nil
}

// compile makes the stages for the outputs, and returns their values.
func (c *compiler) compile(classes bool) ([]int, error) {
	c.classes = classes
	names, _, err := c.wanted(classes)
	if err != nil {
		return nil, err
	}
	for name, t := range c.graph.Constants {
		c.values[name] = value{tensor: t}
	}
	needed := c.graph.Needed(names)
	for _, n := range c.graph.Nodes {
		if !needed[n] {
			continue
		}
		op, known := operators[key{n.Domain, n.Operator}]
		if !known {
			return nil, n.Errorf("the operator is not supported")
		}
		if _, stated := c.graph.Opsets[n.Domain]; !stated {
			return nil, n.Errorf("the file states no opset of %q", n.Domain)
		}
		if err := op(c, n); err != nil {
			return nil, err
		}
	}
	var at []int
	for _, name := range names {
		v, err := c.output(name, classes)
		if err != nil {
			return nil, err
		}
		at = append(at, v.at)
	}
	return at, nil
}

// output returns the value of an output of the graph.
func (c *compiler) output(name string, classes bool) (value, error) {
	v := c.values[name]
	switch {
	case v.tensor != nil:
		return v, fmt.Errorf("the output %q is a constant", name)
	case v.label != classes:
		return v, fmt.Errorf("the output %q is declared with a type that its node does not make", name)
	}
	return v, nil
}

// rows returns an input of a node that must be a matrix of scores or features.
func (c *compiler) rows(n *graph.Node, i int) (value, error) {
	v, found := c.values[n.Input(i)]
	switch {
	case !found:
		return v, n.Errorf("it has no input %d", i)
	case v.tensor != nil:
		return v, n.Errorf("its input %q is a constant, and rows are needed", n.Input(i))
	case v.skipped, v.label:
		return v, n.Errorf("its input %q is a label, and numbers are needed", n.Input(i))
	}
	return v, nil
}

// set makes a value known. A node may leave its last outputs without a name.
func (c *compiler) set(n *graph.Node, i int, v value) {
	if i < len(n.Outputs) && n.Outputs[i] != "" {
		c.values[n.Outputs[i]] = v
	}
}
