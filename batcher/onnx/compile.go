package onnx

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/kernel"
	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/pipeline"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/batcher/onnx/internal/shape"
	"github.com/disrust/disrust/batcher/onnx/internal/stages"
)

// compiler turns the nodes of a graph into stages.
type compiler struct {
	graph   *graph.Graph
	kernel  kernel.Kind
	values  map[string]value
	uses    map[string]int // of each value: the nodes that read it, and the outputs
	stages  []pipeline.Stage
	nodes   [][]*graph.Node // of the stages
	left    int             // numbers that may still be read and made while the graph is compiled
	forests []*ensemble.Model
	first   *ensemble.Model // of those that read the rows as they come; nil: none
	rounded bool            // some stage rounds in another way than onnxruntime
}

// next is the number of the value that the next stage makes.
func (c *compiler) next() int { return len(c.stages) + 1 }

// add adds a stage of a node, and returns the value that it makes.
func (c *compiler) add(n *graph.Node, s pipeline.Stage, of shape.Shape, kind int64) value {
	v := value{Shape: of, at: c.next(), kind: kind}
	c.left -= of.Size() // node checks it
	c.stages, c.nodes = append(c.stages, s), append(c.nodes, []*graph.Node{n})
	return v
}

// The numbers that a graph's nodes may read and make while they are compiled, besides some for each byte
// of the file. So a small file takes neither much memory nor long.
const (
	maxWork     = 8 << 20
	workPerByte = 4
)

// work counts numbers that a node reads or makes.
func (c *compiler) work(n *graph.Node, count int) error {
	if c.left -= count; c.left < 0 {
		return n.Errorf("the values up to here have more numbers together than is supported")
	}
	return nil
}

// emit is like add for a stage that reads these values. If all are constants, so is what it makes.
func (c *compiler) emit(n *graph.Node, s pipeline.Stage, of shape.Shape, kind int64, from ...value) (value, error) {
	if err := c.work(n, of.Size()); err != nil {
		return value{}, err
	}
	var constants [][]float32
	for _, v := range from {
		if err := c.whole(n, v); err != nil {
			return v, err
		}
		if v.constant != nil {
			constants = append(constants, v.floats())
		}
	}
	if len(constants) < len(from) {
		return c.add(n, s, of, kind), nil
	}
	result := make([]float32, of.Size())
	if err := s.NewRunner()(result, constants, 1); err != nil {
		return value{}, n.Errorf("%w", err)
	}
	v := value{Shape: of, kind: kind, constant: make([]float64, len(result))}
	for i, x := range result {
		v.constant[i] = float64(x)
	}
	return v, c.whole(n, v)
}

// whole refuses whole numbers that a float32 might not hold, and the number of rows.
func (c *compiler) whole(n *graph.Node, v value) error {
	if v.kind != proto.Int64 {
		return nil
	}
	for _, x := range v.constant {
		if math.IsNaN(x) {
			return n.Errorf("it computes with the number of rows, which is not supported")
		}
		if math.Abs(x) > maxWhole {
			return n.Errorf("it computes with the whole number %v: at most %d is supported", x, maxWhole)
		}
	}
	return nil
}

// merged says that a node became a part of the stage that makes a value.
func (c *compiler) merged(n *graph.Node, v value) {
	c.nodes[v.at-1] = append(c.nodes[v.at-1], n)
}

// described returns a line for each stage: what it computes, and the nodes that became it.
func (c *compiler) described() []string {
	var all []string
	for i, s := range c.stages {
		var nodes []string
		for _, n := range c.nodes[i] {
			nodes = append(nodes, n.Short())
		}
		all = append(all, fmt.Sprintf("%v: %s", s, strings.Join(nodes, ", ")))
	}
	return all
}

// operand returns a value as a stage reads it.
func operand(v value, index []int32) stages.Operand {
	if v.constant != nil {
		return stages.Operand{Constant: v.floats(), Index: index}
	}
	return stages.Operand{Value: v.at, Width: v.Size(), Index: index}
}

// wanted returns the outputs that are asked for: all scores, or the label.
func (c *compiler) wanted(classes bool) ([]string, error) {
	var names []string
	for _, o := range c.graph.Outputs {
		scores := o.Sequence || o.Element == proto.Float
		label := o.Element == proto.Int64 || o.Element == proto.Int32 || o.Element == proto.String
		switch {
		case !scores && !label:
			return nil, fmt.Errorf("the output %q is of type %s: float scores and labels are supported", o.Name, proto.TypeName(o.Element))
		case scores != classes:
			names = append(names, o.Name)
		}
	}
	switch {
	case !classes && len(names) == 0:
		return nil, errors.New("the graph has no float output")
	case classes && len(names) != 1:
		return nil, fmt.Errorf("the graph has %d outputs of labels, and class needs one", len(names))
	}
	return names, nil
}

// compile makes the stages for the outputs, and returns their values.
func (c *compiler) compile(classes bool) ([]int, error) {
	names, err := c.wanted(classes)
	if err != nil {
		return nil, err
	}
	for name, t := range c.graph.Constants {
		c.values[name] = newConstant(t)
	}
	needed := c.graph.Needed(names)
	c.count(needed, names)
	if err := c.known(needed); err != nil {
		return nil, err
	}
	for _, n := range c.graph.Nodes {
		if needed[n] {
			if err := c.node(n); err != nil {
				return nil, err
			}
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
	return at, c.build()
}

// count counts the uses of each value.
func (c *compiler) count(needed map[*graph.Node]bool, outputs []string) {
	c.uses = map[string]int{}
	for n := range needed {
		for _, in := range n.Inputs {
			c.uses[in]++
		}
	}
	for _, o := range outputs {
		c.uses[o]++
	}
}

// known refuses operators that are not supported.
func (c *compiler) known(needed map[*graph.Node]bool) error {
	for _, n := range c.graph.Nodes {
		if !needed[n] {
			continue
		}
		if operators[key{n.Domain, n.Operator}] == nil {
			return n.Errorf("the operator is not supported")
		}
		if _, stated := c.graph.Opsets[n.Domain]; !stated {
			return n.Errorf("the file states no opset of %q", n.Domain)
		}
	}
	return nil
}

// node compiles a node.
func (c *compiler) node(n *graph.Node) error {
	for _, name := range n.Inputs {
		v := c.values[name]
		if err := c.work(n, max(v.Size(), len(v.constant))); err != nil {
			return err
		}
	}
	if err := operators[key{n.Domain, n.Operator}](c, n); err != nil {
		return err
	}
	if err := c.work(n, 0); err != nil {
		return err
	}
	return n.Done()
}

// build makes the layers ready.
func (c *compiler) build() error {
	for i, s := range c.stages {
		if l, ok := s.(*stages.Layer); ok {
			if err := l.Build(c.kernel); err != nil {
				return c.nodes[i][0].Errorf("%w", err)
			}
		}
	}
	return nil
}

// output returns the value of an output of the graph.
func (c *compiler) output(name string, classes bool) (value, error) {
	v, found := c.values[name]
	if !found {
		return v, fmt.Errorf("the output %q is one that its node does not make", name)
	}
	if !classes && v.labels != nil && v.labels.numbers != nil && v.kind == proto.Float {
		var err error
		if v, err = c.named(c.nodes[v.at-1][0], v); err != nil {
			return v, err
		}
	}
	switch {
	case v.constant != nil:
		return v, fmt.Errorf("the output %q is a constant", name)
	case (isLabel(v) || v.kind == proto.Int64) != classes, v.kind == proto.Bool:
		return v, fmt.Errorf("the output %q is declared with another type than its node makes, %s", name, proto.TypeName(v.kind))
	case v.Before(v.Rows) != 1:
		return v, fmt.Errorf("the output %q has the shape %v: the rows must come first", name, v.Shape)
	case classes && v.Size() != 1:
		return v, fmt.Errorf("the output %q has %d labels for each row, and class needs one", name, v.Size())
	}
	return v, nil
}

// set makes a value known. A node may leave its last outputs without a name.
func (c *compiler) set(n *graph.Node, i int, v value) {
	if i < len(n.Outputs) && n.Outputs[i] != "" {
		c.values[n.Outputs[i]] = v
	}
}

// asked reports whether an output of a node is read.
func (c *compiler) asked(n *graph.Node, i int) bool {
	return i < len(n.Outputs) && c.uses[n.Outputs[i]] > 0
}
