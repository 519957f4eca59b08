package graph

import (
	"fmt"
	"slices"

	"github.com/disrust/disrust/batcher/onnx/internal/proto"
)

// Bounds of what a file's functions are expanded to.
const (
	maxDepth = 32      // of calls in calls
	maxNames = 1 << 18 // of nodes, values and attributes in functions, and of each 64 bytes of them
)

// names is how many of [maxNames] a node takes.
func names(n *proto.Node) int {
	count := 1
	for _, list := range [][]string{n.Inputs, n.Outputs} {
		for _, name := range list {
			count += 1 + len(name)/64
		}
	}
	for i := range n.Attributes {
		count += 1 + n.Attributes[i].Bytes()/64
	}
	return count
}

// inliner puts the nodes of functions in the place of the nodes that call them.
type inliner struct {
	functions map[proto.Key]*proto.Function
	nodes     []placed
	calls     int
	names     int
}

// placed is a node and the place of the one in the graph that it comes from.
type placed struct {
	node  proto.Node
	index int
}

// inline returns the nodes of a graph, with those of functions in the place of calls.
func inline(m *proto.Model) ([]placed, error) {
	in := &inliner{functions: map[proto.Key]*proto.Function{}}
	for i := range m.Functions {
		f := &m.Functions[i]
		if in.functions[f.Key] != nil {
			return nil, fmt.Errorf("the function %s of %q is there twice", Plain(f.Key.Operator), Plain(f.Key.Domain))
		}
		in.functions[f.Key] = f
	}
	for i := range m.Graph.Nodes {
		if err := in.expand(m, m.Graph.Nodes[i], i, 0); err != nil {
			return nil, err
		}
	}
	return in.nodes, nil
}

// expand appends a node, or the nodes of the function that it calls.
func (in *inliner) expand(m *proto.Model, n proto.Node, index, depth int) error {
	if depth > 0 {
		in.names += names(&n)
	}
	f := in.functions[proto.Key{Domain: n.Domain, Operator: n.Operator, Overload: n.Overload}]
	at := &Node{Node: &n, Index: index}
	if f != nil {
		in.names += len(f.Inputs) + len(f.Outputs) + len(f.Opsets)
	}
	switch {
	case in.names > maxNames:
		return at.Errorf("the calls of functions make more than %d nodes, values and attributes", maxNames)
	case f == nil:
		in.nodes = append(in.nodes, placed{n, index})
		return nil
	case depth == maxDepth:
		return at.Errorf("its functions call each other more than %d deep", maxDepth)
	}
	if err := in.opsets(m, at, f); err != nil {
		return err
	}
	names, err := in.arguments(at, f)
	if err != nil {
		return err
	}
	for _, body := range f.Nodes {
		if err := in.expand(m, in.body(at, f, body, names), index, depth+1); err != nil {
			return err
		}
	}
	in.through(f, at, names)
	return nil
}

// opsets refuses a function that is written with other versions of the operators than the graph.
func (in *inliner) opsets(m *proto.Model, n *Node, f *proto.Function) error {
	for domain, version := range f.Opsets {
		if have, stated := m.Opsets[domain]; stated && have != version {
			return n.Errorf("its function is written with opset %d of %q, and the graph with %d", version, Plain(domain), have)
		}
		m.Opsets[domain] = version
	}
	return nil
}

// arguments returns what the names of a function's inputs and outputs are in the graph.
func (in *inliner) arguments(n *Node, f *proto.Function) (map[string]string, error) {
	if len(n.Inputs) > len(f.Inputs) || len(n.Outputs) > len(f.Outputs) {
		return nil, n.Errorf("it has %d inputs and %d outputs, and its function %d and %d",
			len(n.Inputs), len(n.Outputs), len(f.Inputs), len(f.Outputs))
	}
	in.calls++
	names := map[string]string{"": ""}
	for i, name := range f.Inputs {
		names[name] = n.Input(i)
	}
	for i, name := range f.Outputs {
		if _, input := names[name]; !input && i < len(n.Outputs) && n.Outputs[i] != "" {
			names[name] = n.Outputs[i]
		}
	}
	for _, a := range n.Attributes {
		defaults := func(d proto.Attribute) bool { return d.Name == a.Name }
		if !slices.Contains(f.Attributes, a.Name) && !slices.ContainsFunc(f.Defaults, defaults) {
			return nil, n.Errorf("the attribute %s is not one of its function", Plain(a.Name))
		}
	}
	return names, nil
}

// body returns a node of a function as it is for a call: with the names of values that are the graph's
// or, of those inside, of the call, and with the attributes that the call gives.
func (in *inliner) body(call *Node, f *proto.Function, n proto.Node, names map[string]string) proto.Node {
	rename := func(all []string) []string {
		to := make([]string, len(all))
		for i, name := range all {
			known := false
			if to[i], known = names[name]; !known {
				to[i] = fmt.Sprintf("%s/%d", name, in.calls)
				names[name] = to[i]
			}
		}
		return to
	}
	n.Inputs, n.Outputs = rename(n.Inputs), rename(n.Outputs)
	var attributes []proto.Attribute
	for _, a := range n.Attributes {
		if a.Ref == "" {
			attributes = append(attributes, a)
			continue
		}
		for _, given := range slices.Concat(call.Attributes, f.Defaults) {
			if given.Name == a.Ref {
				given.Name = a.Name
				attributes = append(attributes, given)
				break
			}
		}
	}
	n.Attributes = attributes
	return n
}

// through adds nodes for outputs of a function that are its inputs.
func (in *inliner) through(f *proto.Function, call *Node, names map[string]string) {
	for i, name := range f.Outputs {
		if i < len(call.Outputs) && call.Outputs[i] != "" && slices.Contains(f.Inputs, name) {
			n := proto.Node{Operator: "Identity", Name: call.Name, Inputs: []string{names[name]}, Outputs: []string{call.Outputs[i]}}
			in.nodes = append(in.nodes, placed{n, call.Index})
		}
	}
}
