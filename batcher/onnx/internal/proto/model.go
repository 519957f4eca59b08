package proto

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// Model is what a file holds.
type Model struct {
	IR       int64
	Producer string
	Opsets   map[string]int64 // the version of each domain; "" is ai.onnx
	Graph    Graph

	Functions []Function
}

// Graph is a graph as the file has it.
type Graph struct {
	Name      string
	Nodes     []Node
	Constants []Tensor
	Inputs    []ValueInfo
	Outputs   []ValueInfo
}

// Node is one use of an operator.
type Node struct {
	Name, Operator, Domain string
	Overload               string // of a function
	Inputs, Outputs        []string
	Attributes             []Attribute
}

// ValueInfo says what an input or output of the graph is.
type ValueInfo struct {
	Name     string
	Sequence bool  // a sequence of maps, as ZipMap makes
	Element  int64 // the type of a tensor's elements
	HasShape bool
	Shape    []Dim
}

// Dim is one dimension of a shape.
type Dim struct {
	Known bool // else it has a name or nothing
	Size  int64
}

// Bounds of a file. So small parts of it cannot take much memory each.
const (
	maxParts      = 1 << 16 // nodes, constants, inputs and outputs of the graph, each
	maxAttributes = 32      // of a node: ONNX's longest list has 18
)

// Read reads a file.
func Read(data []byte) (*Model, error) {
	m, graphs, nodes := &Model{Opsets: map[string]int64{}}, 0, 0 // nodes: of functions
	err := each("the file", data, func(f field) error {
		const what = "the file"
		switch f.number {
		case 1:
			return f.integer(what, &m.IR)
		case 2:
			return f.text(what, &m.Producer)
		case 7:
			graphs++
			if f.kind != protowire.BytesType {
				return f.wrong(what)
			}
			return m.Graph.read(f.bytes)
		case 8:
			return readOpset(f, m.Opsets)
		case 25:
			if f.kind != protowire.BytesType || len(m.Functions) == maxFunctions {
				return fmt.Errorf("the file defines functions that are damaged, or more than %d", maxFunctions)
			}
			function, err := readFunction(f.bytes, len(m.Functions))
			m.Functions = append(m.Functions, function)
			if nodes += len(function.Nodes); err == nil && nodes >= maxParts {
				err = fmt.Errorf("the functions of the file have more than %d nodes", maxParts-1)
			}
			return err
		}
		return nil
	})
	if err == nil && graphs != 1 {
		err = fmt.Errorf("the file has %d graphs: an ONNX model has one", graphs)
	}
	return m, err
}

// readOpset reads a version of a domain.
func readOpset(f field, to map[string]int64) error {
	const what = "the list of operator sets"
	domain, version := "", int64(0)
	if f.kind != protowire.BytesType {
		return f.wrong(what)
	}
	err := each(what, f.bytes, func(f field) error {
		switch f.number {
		case 1:
			return f.text(what, &domain)
		case 2:
			return f.integer(what, &version)
		}
		return nil
	})
	if domain == "ai.onnx" {
		domain = ""
	}
	to[domain] = version
	return err
}

func (g *Graph) read(message []byte) error {
	const what = "the graph"
	return each(what, message, func(f field) error {
		if f.number != 2 && f.kind != protowire.BytesType {
			return f.wrong(what)
		}
		if max(len(g.Nodes), len(g.Constants), len(g.Inputs), len(g.Outputs)) == maxParts {
			return fmt.Errorf("the graph has more than %d nodes, constants, inputs or outputs", maxParts-1)
		}
		switch f.number {
		case 1:
			n, err := readNode(f.bytes, len(g.Nodes))
			g.Nodes = append(g.Nodes, n)
			return err
		case 2:
			return f.text(what, &g.Name)
		case 5:
			t, err := readTensor(f.bytes, fmt.Sprintf("constant %d of the graph", len(g.Constants)))
			g.Constants = append(g.Constants, t)
			return err
		case 11:
			v, err := readValueInfo(f.bytes, fmt.Sprintf("input %d of the graph", len(g.Inputs)))
			g.Inputs = append(g.Inputs, v)
			return err
		case 12:
			v, err := readValueInfo(f.bytes, fmt.Sprintf("output %d of the graph", len(g.Outputs)))
			g.Outputs = append(g.Outputs, v)
			return err
		case 15:
			return errors.New("the graph has a sparse constant (sparse_initializer), which is not supported")
		}
		return nil
	})
}

func readNode(message []byte, index int) (Node, error) {
	n, what := Node{}, fmt.Sprintf("node %d of the graph", index)
	err := each(what, message, func(f field) error {
		switch f.number {
		case 1, 2:
			var name string
			err := f.text(what, &name)
			if f.number == 1 {
				n.Inputs = append(n.Inputs, name)
			} else {
				n.Outputs = append(n.Outputs, name)
			}
			return err
		case 3:
			return f.text(what, &n.Name)
		case 4:
			return f.text(what, &n.Operator)
		case 5:
			if f.kind != protowire.BytesType {
				return f.wrong(what)
			}
			if len(n.Attributes) == maxAttributes {
				return fmt.Errorf("%s has more than %d attributes", what, maxAttributes)
			}
			a, err := readAttribute(f.bytes, what)
			n.Attributes = append(n.Attributes, a)
			return err
		case 7:
			return f.text(what, &n.Domain)
		case 8:
			return f.text(what, &n.Overload)
		}
		return nil
	})
	if n.Domain == "ai.onnx" {
		n.Domain = ""
	}
	return n, err
}

// readValueInfo reads ValueInfoProto, and of the type in it what a tensor needs.
func readValueInfo(message []byte, what string) (ValueInfo, error) {
	v := ValueInfo{}
	var kind, tensor, shape []byte
	err := each(what, message, func(f field) error {
		switch f.number {
		case 1:
			return f.text(what, &v.Name)
		case 2:
			kind = f.bytes
		}
		return nil
	})
	if err != nil {
		return v, err
	}
	err = each(what, kind, func(f field) error {
		switch f.number {
		case 1:
			tensor = f.bytes
		case 4:
			v.Sequence = true
		}
		return nil
	})
	if err != nil {
		return v, err
	}
	err = each(what, tensor, func(f field) error {
		switch f.number {
		case 1:
			return f.integer(what, &v.Element)
		case 2:
			v.HasShape, shape = true, f.bytes
		}
		return nil
	})
	if err != nil {
		return v, err
	}
	return v, each(what, shape, func(f field) error {
		d := Dim{}
		err := each(what, f.bytes, func(f field) error {
			if f.number != 1 {
				return nil
			}
			d.Known = true
			return f.integer(what, &d.Size)
		})
		v.Shape = append(v.Shape, d)
		return err
	})
}
