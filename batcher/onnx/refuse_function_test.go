package onnx

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/wire"
)

func TestFunctionsOfFile(t *testing.T) {
	twice := defined("Twice a -> b", node("Add a a -> b"))
	answers(t, wire.Raw, []exact{
		{"a call in a call", withFunctions(drawn(13, 2, node("local.Four x -> y"), out("y")), twice,
			defined("Four a -> b", node("local.Twice a -> c"), node("local.Twice c -> b"))), []float32{1, 2}, []float32{4, 8}},
		{"not in the layer that is read twice inside", withFunctions(drawn(13, 2, floats("w", "2 1", 1, 1), node("local.Both x w -> y"), out("y")),
			defined("Both a b -> c", node("MatMul a b -> d"), node("Relu d -> e"), node("Sub e d -> c"))), []float32{1, -3, 1, 3}, []float32{2, 0}},
	})
}

// Functions that call each other make much of a small file.
func TestRefusedFunctions(t *testing.T) {
	repeated := func(n []byte, count int) []byte { return []byte(strings.Repeat(string(n), count)) }
	graph := func(parts ...[]byte) []byte { return drawn(13, 3, append(parts, node("Relu x -> y"), out("y"))...) }
	var doubling [][]byte
	for i := range 30 {
		call := node(fmt.Sprintf("local.F%d a -> b", i+1))
		doubling = append(doubling, defined(fmt.Sprintf("F%d a -> b", i), call, call))
	}
	values := strings.Repeat("v ", 1<<17)
	weights := attr("coefficients", make([]float32, 1<<16))
	alone := join(number64(1, 8), text(7, join(node("local.F x -> y"), out("y"), info(11, "x", proto.Float, 3))))
	newest := bytes.Replace(defined("F a -> b", node("Relu a -> b")), text(9, join(number64(2, 13))), text(9, join(number64(2, 99))), 1)
	const calls = 1 << 15
	for _, c := range []spoilt{
		{"calls that double", withFunctions(graph(node("local.F0 x -> z")), doubling...), says("functions", "262144")},
		{"a call of itself", withFunctions(graph(node("local.F x -> z")), defined("F a -> b", node("local.F a -> b"))), says("F", "32 deep")},
		{"a long name inside", withFunctions(graph(repeated(node("local.F x -> ."), calls)), defined("F a -> b", node("Relu a -> "+strings.Repeat("long", 1<<16)))),
			says("functions", "262144")},
		{"weights inside", withFunctions(graph(repeated(node("local.F x -> ."), calls)), defined("F a -> b", node("ml.LinearRegressor a -> b", weights))), says("functions", "262144")},
		{"many inputs", withFunctions(graph(repeated(node("local.F x -> ."), calls)), defined("F "+values+" -> b", node("Relu a -> b"))), []string{"1024 inputs"}},
		{"inputs that many calls leave out", withFunctions(graph(repeated(node("local.F x -> ."), calls)), defined("F "+values[:2000]+" -> b", node("Relu v -> b"))),
			says("functions", "262144")},
		{"many nodes in many functions", withFunctions(graph(), repeated(defined("F a -> b", repeated([]byte{0x0a, 0}, 40000)), 3), defined("G a -> b", repeated([]byte{0x0a, 0}, 1))),
			[]string{"function"}},
		{"a name that a call passes on", withFunctions(graph(node("local.F x -> z z")), defined("F a -> b", node("Relu a -> b"))), says("F", "2 outputs")},
		{"an attribute that is not the function's", withFunctions(graph(node("local.F x -> z", attr("alpha", 1))), defined("F a -> b", node("Relu a -> b"))), says("F", "alpha")},
		{"a function that is there twice", withFunctions(graph(), defined("F a -> b"), defined("F a -> b")), []string{"F", "twice"}},
		{"a function of an opset that only it states", withFunctions([]byte(alone), newest), []string{"opset 99 of ai.onnx"}},
		{"a function of another opset", withFunctions(drawn(12, 3, node("local.F x -> y"), out("y")), defined("F a -> b", node("Relu a -> b"))), says("F", "opset 13", "12")},
	} {
		refusedCheaply(t, c)
	}
}
