package graph

import (
	"slices"
	"testing"

	"github.com/disrust/disrust/batcher/onnx/internal/proto"
)

func node(operator, name string, inputs, outputs []string, attributes ...proto.Attribute) proto.Node {
	n := proto.Node{Operator: operator, Name: name, Inputs: inputs, Outputs: outputs, Attributes: attributes}
	if operator == "f" || operator == "g" {
		n.Domain = "d"
	}
	return n
}

func alpha(name, ref string, value float32) proto.Attribute {
	return proto.Attribute{Name: name, Type: proto.TypeFloat, F: value, Ref: ref}
}

// TestInline expands calls in calls: their names do not meet, outputs may be inputs, and attributes come
// from the call or are the function's own.
func TestInline(t *testing.T) {
	m := &proto.Model{
		Opsets: map[string]int64{"": 17, "d": 1},
		Functions: []proto.Function{
			{
				Key: proto.Key{Domain: "d", Operator: "f"}, Inputs: []string{"x", "missing"}, Outputs: []string{"y", "x"},
				Attributes: []string{"slope"}, Defaults: []proto.Attribute{alpha("low", "", 7)},
				Nodes: []proto.Node{
					node("LeakyRelu", "", []string{"x"}, []string{"t"}, alpha("alpha", "slope", 0), alpha("beta", "low", 0), alpha("gamma", "", 3)),
					node("Clip", "", []string{"t", "missing"}, []string{"u"}),
					node("g", "", []string{"u"}, []string{"y"}),
				},
				Opsets: map[string]int64{"": 17},
			},
			{
				Key: proto.Key{Domain: "d", Operator: "g"}, Inputs: []string{"t"}, Outputs: []string{"u"},
				Nodes:  []proto.Node{node("Relu", "inner", []string{"t"}, []string{"s"}), node("Tanh", "", []string{"s"}, []string{"u"})},
				Opsets: map[string]int64{"ai.onnx.ml": 3},
			},
		},
		Graph: proto.Graph{Nodes: []proto.Node{
			node("f", "one", []string{"in"}, []string{"a", "b"}, alpha("slope", "", 5)),
			node("f", "two", []string{"a", "b"}, []string{"c"}),
		}},
	}
	nodes, err := newNodes(m)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range nodes {
		got = append(got, n.String())
		for _, in := range n.Inputs {
			got = append(got, "<"+in)
		}
		for _, out := range n.Outputs {
			got = append(got, ">"+out)
		}
	}
	want := []string{
		`node 0 (LeakyRelu)`, "<in", ">t/1",
		`node 0 (Clip)`, "<t/1", "<", ">u/1",
		`node 0 (Relu "inner")`, "<u/1", ">s/2",
		`node 0 (Tanh)`, "<s/2", ">a",
		`node 0 (Identity "one")`, "<in", ">b",
		`node 1 (LeakyRelu)`, "<a", ">t/3",
		`node 1 (Clip)`, "<t/3", "<b", ">u/3",
		`node 1 (Relu "inner")`, "<u/3", ">s/4",
		`node 1 (Tanh)`, "<s/4", ">c",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
	one, two := nodes[0], nodes[5]
	if one.Float("alpha", -1) != 5 || one.Float("beta", -1) != 7 || one.Float("gamma", -1) != 3 || two.Has("alpha") || two.Float("beta", -1) != 7 {
		t.Errorf("attributes %v and %v", one.Attributes, two.Attributes)
	}
	if m.Opsets["ai.onnx.ml"] != 3 {
		t.Error("the opset of a function is not known")
	}
}
