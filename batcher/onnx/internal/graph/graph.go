// Package graph checks the graph of an ONNX file: every value is made once, nothing comes from
// nowhere, no node waits for itself, and there is one input of float32 rows.
package graph

import (
	"errors"
	"fmt"
	"math"

	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/wire"
)

// Graph is a graph whose nodes stand in an order in which they can be computed.
type Graph struct {
	Nodes     []*Node
	Constants map[string]*proto.Tensor
	Opsets    map[string]int64
	Input     string
	Dim       int // columns of the input
	Batch     int // rows of the input, if the file states their number; else 0
	Outputs   []proto.ValueInfo
}

// New checks a file's graph.
func New(m *proto.Model) (*Graph, error) {
	if len(m.Graph.Nodes) == 0 || len(m.Graph.Outputs) == 0 {
		return nil, fmt.Errorf("the graph has %d nodes and %d outputs: there is nothing to compute", len(m.Graph.Nodes), len(m.Graph.Outputs))
	}
	g := &Graph{Constants: map[string]*proto.Tensor{}, Opsets: m.Opsets, Outputs: m.Graph.Outputs}
	for i := range m.Graph.Constants {
		t := &m.Graph.Constants[i]
		if g.Constants[t.Name] != nil {
			return nil, fmt.Errorf("the constant %q is there twice", t.Name)
		}
		if err := t.Check(); err != nil {
			return nil, err
		}
		g.Constants[t.Name] = t
	}
	if err := g.input(m.Graph.Inputs); err != nil {
		return nil, err
	}
	nodes, err := newNodes(m)
	if err != nil {
		return nil, err
	}
	return g, g.sort(nodes)
}

// input finds the only input that is no constant.
func (g *Graph) input(inputs []proto.ValueInfo) error {
	var in *proto.ValueInfo
	for i := range inputs {
		v := &inputs[i]
		switch {
		case g.Constants[v.Name] != nil: // old files list constants as inputs with a default
		case in != nil:
			return fmt.Errorf("the graph has a second input, %q beside %q: a row is one input of all columns, so convert the model with a single input of the shape [N, columns]", v.Name, in.Name)
		default:
			in = v
		}
	}
	switch {
	case in == nil:
		return errors.New("the graph has no input")
	case in.Sequence || in.Element != proto.Float:
		return fmt.Errorf("the input %q is of type %s: rows are float32, so export the model with a float input", in.Name, proto.TypeName(in.Element))
	case len(in.Shape) != 2:
		return fmt.Errorf("the input %q has %d dimensions: a matrix of rows has the two [N, features]", in.Name, len(in.Shape))
	case !in.Shape[1].Known || in.Shape[1].Size < 1 || in.Shape[1].Size > wire.MaxDim:
		return fmt.Errorf("the input %q does not state from 1 to %d features: export the model with the shape [N, features]", in.Name, wire.MaxDim)
	}
	g.Input, g.Dim = in.Name, int(in.Shape[1].Size)
	if rows := in.Shape[0]; rows.Known && rows.Size > 0 && rows.Size < math.MaxInt32 {
		g.Batch = int(rows.Size)
	}
	return nil
}

// sort puts the nodes in an order in which each comes after those whose values it reads.
func (g *Graph) sort(nodes []*Node) error {
	maker := map[string]*Node{}
	for _, n := range nodes {
		for _, name := range n.Outputs {
			if name == "" {
				continue
			}
			if maker[name] != nil || g.Constants[name] != nil || name == g.Input {
				return n.Errorf("the value %q is made twice", name)
			}
			maker[name] = n
		}
	}
	readers, waits := map[*Node][]*Node{}, map[*Node]int{}
	var ready []*Node
	for _, n := range nodes {
		for _, name := range n.Inputs {
			if m := maker[name]; m != nil {
				readers[m] = append(readers[m], n)
				waits[n]++
			} else if name != "" && name != g.Input && g.Constants[name] == nil {
				return n.Errorf("its input %q comes from nowhere", name)
			}
		}
		if waits[n] == 0 {
			ready = append(ready, n)
		}
	}
	for ; len(ready) > 0; ready = ready[1:] {
		g.Nodes = append(g.Nodes, ready[0])
		for _, r := range readers[ready[0]] {
			if waits[r]--; waits[r] == 0 {
				ready = append(ready, r)
			}
		}
	}
	for _, n := range nodes {
		if waits[n] > 0 {
			return n.Errorf("it waits for its own result: the graph has a cycle")
		}
	}
	for _, o := range g.Outputs {
		if maker[o.Name] == nil {
			return fmt.Errorf("the output %q of the graph is made by no node", o.Name)
		}
	}
	return nil
}

// Needed returns the nodes on whose results these values depend.
func (g *Graph) Needed(values []string) map[*Node]bool {
	wanted, needed := map[string]bool{}, map[*Node]bool{}
	for _, v := range values {
		wanted[v] = true
	}
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		n := g.Nodes[i]
		for _, o := range n.Outputs {
			needed[n] = needed[n] || o != "" && wanted[o]
		}
		if needed[n] {
			for _, in := range n.Inputs {
				wanted[in] = true
			}
		}
	}
	return needed
}
