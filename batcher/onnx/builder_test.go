package onnx

import (
	"fmt"
	"math"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/disrust/disrust/batcher/onnx/internal/proto"
)

// The parts of a file that a test draws, each as the bytes of a field.

func number64(field protowire.Number, x int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), uint64(x))
}

func text(field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, field, protowire.BytesType), s)
}

func join(parts ...[]byte) string {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return string(all)
}

// drawn is a file with an opset, the parts of a graph, and its input x: rows of dim columns.
func drawn(opset int64, dim int, parts ...[]byte) []byte {
	graph := join(append(parts, info(11, "x", proto.Float, int64(dim)))...)
	ml := text(8, join(text(1, "ai.onnx.ml"), number64(2, 3)))
	return []byte(join(number64(1, 8), text(8, join(number64(2, opset))), ml, text(7, graph)))
}

// withFunctions adds functions of the domain "local" to a file.
func withFunctions(file []byte, functions ...[]byte) []byte {
	return append(append(file, text(8, join(text(1, "local"), number64(2, 1)))...), join(functions...)...)
}

// defined is a function of the domain "local", of nodes. Its line is like that of a node.
func defined(line string, nodes ...[]byte) []byte {
	left, right, _ := strings.Cut(line, " -> ")
	words := strings.Fields(left)
	fields := [][]byte{text(1, words[0]), text(10, "local"), text(9, join(number64(2, 13)))}
	for _, name := range words[1:] {
		fields = append(fields, text(4, name))
	}
	for _, name := range strings.Fields(right) {
		fields = append(fields, text(5, name))
	}
	for n := []byte(join(nodes...)); len(n) > 0; {
		_, _, tag := protowire.ConsumeTag(n)
		body, length := protowire.ConsumeBytes(n[tag:])
		fields, n = append(fields, text(7, string(body))), n[tag+length:]
	}
	return text(25, join(fields...))
}

// info is an input or output of the graph, with a number of rows that the file leaves open.
func info(field protowire.Number, name string, element int64, columns ...int64) []byte {
	dims := text(1, "")
	for _, c := range columns {
		dims = append(dims, text(1, join(number64(1, c)))...)
	}
	tensor := join(number64(1, element), text(2, string(dims)))
	return text(field, join(text(1, name), text(2, join(text(1, tensor)))))
}

// out is an output of the graph with float scores, and labels one with whole numbers.
func out(name string) []byte      { return info(12, name, proto.Float) }
func labelled(name string) []byte { return info(12, name, proto.Int64) }

// node reads a line such as "Add a b -> c". An input or output without a name is a dot. Operators
// of ai.onnx.ml begin with "ml.", and functions with "local.".
func node(line string, attributes ...[]byte) []byte {
	left, right, _ := strings.Cut(line, " -> ")
	words := strings.Fields(left)
	domain, operator, found := strings.Cut(words[0], ".")
	if !found {
		domain, operator = "", words[0]
	}
	fields := [][]byte{text(3, "the "+strings.ToLower(operator)), text(4, operator), text(7, strings.Replace(domain, "ml", "ai.onnx.ml", 1))}
	for _, name := range words[1:] {
		fields = append(fields, text(1, strings.TrimPrefix(name, ".")))
	}
	for _, name := range strings.Fields(right) {
		fields = append(fields, text(2, strings.TrimPrefix(name, ".")))
	}
	return text(1, join(append(fields, attributes...)...))
}

// attr is an attribute of a node. Its type is that of the value.
func attr(name string, value any) []byte {
	fields, kind := [][]byte{text(1, name)}, int64(0)
	switch v := value.(type) {
	case float32:
		kind = proto.TypeFloat
		fields = append(fields, protowire.AppendFixed32(protowire.AppendTag(nil, 2, protowire.Fixed32Type), math.Float32bits(v)))
	case int:
		return attr(name, int64(v))
	case int64:
		kind, fields = proto.TypeInt, append(fields, number64(3, v))
	case string:
		kind, fields = proto.TypeString, append(fields, text(4, v))
	case tensor:
		kind, fields = proto.TypeTensor, append(fields, text(5, string(v)))
	case []float32:
		kind = proto.TypeFloats
		for _, x := range v {
			fields = append(fields, protowire.AppendFixed32(protowire.AppendTag(nil, 7, protowire.Fixed32Type), math.Float32bits(x)))
		}
	case []int64:
		kind = proto.TypeInts
		for _, x := range v {
			fields = append(fields, number64(8, x))
		}
	case []string:
		kind = proto.TypeStrings
		for _, s := range v {
			fields = append(fields, text(9, s))
		}
	default:
		panic(fmt.Sprintf("no attribute has the type %T", value))
	}
	return text(5, join(append(fields, number64(20, kind))...))
}

// tensor is the bytes of a constant.
type tensor string

// constantOf makes a constant of numbers or texts, with dims such as "2 3".
func constantOf[T float32 | float64 | int64 | bool | string](name, dims string, values ...T) tensor {
	var fields [][]byte
	for _, d := range strings.Fields(dims) {
		var size int64
		fmt.Sscan(d, &size)
		fields = append(fields, number64(1, size))
	}
	kind := int64(0)
	for _, x := range append(values, *new(T)) {
		var element []byte
		switch v := any(x).(type) {
		case float32:
			kind, element = proto.Float, protowire.AppendFixed32(protowire.AppendTag(nil, 4, protowire.Fixed32Type), math.Float32bits(v))
		case float64:
			kind, element = proto.Double, protowire.AppendFixed64(protowire.AppendTag(nil, 10, protowire.Fixed64Type), math.Float64bits(v))
		case int64:
			kind, element = proto.Int64, number64(7, v)
		case bool:
			kind, element = proto.Bool, number64(5, 0)
			if v {
				element = number64(5, 1)
			}
		case string:
			kind, element = proto.String, text(6, v)
		}
		fields = append(fields, element)
	}
	fields[len(fields)-1] = number64(2, kind) // in the place of the one too many
	return tensor(join(append(fields, text(8, name))...))
}

// floats, wholes and the others are constants of the graph.
func floats(name, dims string, v ...float32) []byte {
	return text(5, string(constantOf(name, dims, v...)))
}
func wholes(name, dims string, v ...int64) []byte {
	return text(5, string(constantOf(name, dims, v...)))
}
func doubles(name, dims string, v ...float64) []byte {
	return text(5, string(constantOf(name, dims, v...)))
}
func truths(name, dims string, v ...bool) []byte {
	return text(5, string(constantOf(name, dims, v...)))
}
func texts(name, dims string, v ...string) []byte {
	return text(5, string(constantOf(name, dims, v...)))
}
