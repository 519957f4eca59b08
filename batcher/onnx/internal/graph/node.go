package graph

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/disrust/disrust/batcher/onnx/internal/proto"
)

// Node is a node whose attributes are read by name and type.
type Node struct {
	*proto.Node
	Index int // in the file
	attrs map[string]*proto.Attribute
	err   error // the first attribute of a wrong type
}

func newNodes(m *proto.Model) ([]*Node, error) {
	inlined, err := inline(m)
	if err != nil {
		return nil, err
	}
	var all []*Node
	for i := range inlined {
		n := &Node{Node: &inlined[i].node, Index: inlined[i].index, attrs: map[string]*proto.Attribute{}}
		for j := range n.Attributes {
			a := &n.Attributes[j]
			if n.attrs[a.Name] != nil || a.Ref != "" {
				return nil, n.Errorf("the attribute %s is there twice, or refers to another outside of a function", Plain(a.Name))
			}
			n.attrs[a.Name] = a
		}
		all = append(all, n)
	}
	return all, nil
}

// String says which node it is.
func (n *Node) String() string {
	operator := n.Operator
	if n.Domain != "" {
		operator = n.Domain + "." + operator
	}
	operator = Plain(operator)
	if n.Name == "" {
		return fmt.Sprintf("node %d (%s)", n.Index, operator)
	}
	return fmt.Sprintf("node %d (%s %q)", n.Index, operator, n.Name)
}

// Short names the operator and the node: "Gemm /fc1/Gemm".
func (n *Node) Short() string {
	if n.Name == "" {
		return fmt.Sprintf("%s (node %d)", Plain(n.Operator), n.Index)
	}
	return Plain(n.Operator) + " " + Plain(n.Name)
}

// Plain returns a name of the file for a sentence: quoted if it has odd characters, and cut if it is
// long.
func Plain(name string) string {
	name = name[:min(len(name), 100)]
	if quoted := strconv.Quote(name); quoted != `"`+name+`"` {
		return quoted
	}
	return name
}

// maxText bounds a sentence: lists of the file may be long.
const maxText = 1000

// Errorf makes an error that begins with the node.
func (n *Node) Errorf(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if text := err.Error(); len(text) > maxText {
		err = errors.New(strings.ToValidUTF8(text[:maxText], "") + " ...")
	}
	return fmt.Errorf("%v: %w", n, err)
}

// Input returns the name of an input; "" if the node has none there.
func (n *Node) Input(i int) string {
	if i < len(n.Inputs) {
		return n.Inputs[i]
	}
	return ""
}

// take returns an attribute, which then counts as understood. It is nil if there is none, or one of
// another type, which Done reports.
func (n *Node) take(name string, kind int64) *proto.Attribute {
	a := n.attrs[name]
	delete(n.attrs, name)
	if a != nil && a.Type != kind && n.err == nil {
		n.err = n.Errorf("the attribute %s is of type %s, not %s", name, proto.AttributeTypeName(a.Type), proto.AttributeTypeName(kind))
	}
	if a == nil || a.Type != kind {
		return nil
	}
	return a
}

// Ignore takes attributes that change no answer.
func (n *Node) Ignore(names ...string) {
	for _, name := range names {
		delete(n.attrs, name)
	}
}

// Has reports whether there is an attribute that nobody took yet.
func (n *Node) Has(name string) bool { return n.attrs[name] != nil }

// Float returns a number.
func (n *Node) Float(name string, otherwise float32) float32 {
	if a := n.take(name, proto.TypeFloat); a != nil {
		return a.F
	}
	return otherwise
}

// Int returns a whole number.
func (n *Node) Int(name string, otherwise int64) int64 {
	if a := n.take(name, proto.TypeInt); a != nil {
		return a.I
	}
	return otherwise
}

// Text returns a string.
func (n *Node) Text(name, otherwise string) string {
	if a := n.take(name, proto.TypeString); a != nil {
		return a.S
	}
	return otherwise
}

// Ints returns a list; nil if there is none.
func (n *Node) Ints(name string) []int64 {
	if a := n.take(name, proto.TypeInts); a != nil {
		return a.Ints
	}
	return nil
}

// Floats returns a list; nil if there is none.
func (n *Node) Floats(name string) []float32 {
	if a := n.take(name, proto.TypeFloats); a != nil {
		return a.Floats
	}
	return nil
}

// Texts returns a list; nil if there is none.
func (n *Node) Texts(name string) []string {
	if a := n.take(name, proto.TypeStrings); a != nil {
		return a.Strings
	}
	return nil
}

// Tensor returns a constant; nil if there is none.
func (n *Node) Tensor(name string) *proto.Tensor {
	a := n.take(name, proto.TypeTensor)
	if a == nil || a.T == nil {
		return nil
	}
	if a.T.Name == "" {
		a.T.Name = name
	}
	if err := a.T.Check(); err != nil {
		if n.err == nil {
			n.err = n.Errorf("%w", err)
		}
		return nil
	}
	return a.T
}

// Fail has Done refuse the node.
func (n *Node) Fail(format string, args ...any) {
	if n.err == nil {
		n.err = n.Errorf(format, args...)
	}
}

// Done refuses a node with attributes that nobody took, or of a wrong type.
func (n *Node) Done() error {
	for i := range n.Attributes {
		if name := n.Attributes[i].Name; n.err == nil && n.attrs[name] != nil {
			n.err = n.Errorf("the attribute %s is not supported", Plain(name))
		}
	}
	return n.err
}
