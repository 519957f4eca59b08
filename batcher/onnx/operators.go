package onnx

import (
	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/pipeline"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
)

type key struct{ domain, operator string }

// operators compile their nodes.
var operators = map[key]func(*compiler, *graph.Node) error{
	{"", "Cast"}:                             cast,
	{"", "Identity"}:                         identity,
	{"", "Mul"}:                              multiply,
	{"ai.onnx.ml", "ZipMap"}:                 zipMap,
	{"ai.onnx.ml", "TreeEnsemble"}:           treeEnsemble,
	{"ai.onnx.ml", "TreeEnsembleClassifier"}: treeClassifier,
	{"ai.onnx.ml", "TreeEnsembleRegressor"}:  treeRegressor,
}

// same makes the output of a node the value of its input.
func same(c *compiler, n *graph.Node) error {
	v, found := c.values[n.Input(0)]
	if !found {
		return n.Errorf("it has no input")
	}
	c.set(n, 0, v)
	return n.Done()
}

func identity(c *compiler, n *graph.Node) error { return same(c, n) }

// cast keeps labels, whose index is the same as a number and as a text, and floats.
func cast(c *compiler, n *graph.Node) error {
	to := n.Int("to", 0)
	n.Ignore("saturate", "round_mode") // of float8
	v := c.values[n.Input(0)]
	switch {
	case v.label && (to == proto.Int64 || to == proto.Int32 || to == proto.String):
	case !v.label && v.tensor == nil && to == proto.Float:
	default:
		return n.Errorf("to %s: floats to float, and labels to int64 or string, are supported", proto.TypeName(to))
	}
	return same(c, n)
}

// zipMap names the columns of a matrix, which stays as it is.
func zipMap(c *compiler, n *graph.Node) error {
	count := max(len(n.Ints("classlabels_int64s")), len(n.Texts("classlabels_strings")))
	v, err := c.rows(n, 0)
	if err != nil {
		return err
	}
	if v.width != count {
		return n.Errorf("it names %d columns, and its input has %d", count, v.width)
	}
	return same(c, n)
}

// multiply multiplies by a constant number.
func multiply(c *compiler, n *graph.Node) error {
	rows, by := n.Input(0), n.Input(1)
	at := 0
	if c.values[rows].tensor != nil {
		rows, by, at = by, rows, 1
	}
	t := c.values[by].tensor
	if t == nil || t.Type != proto.Float || len(t.Dims) > 2 || len(t.Floats()) != 1 {
		return n.Errorf("it is supported with one constant float, and its inputs are %q and %q", n.Input(0), n.Input(1))
	}
	v, err := c.rows(n, at)
	if err != nil {
		return err
	}
	c.set(n, 0, c.add(&product{v.at, v.width, t.Floats()[0]}))
	return n.Done()
}

// product multiplies all columns by a number.
type product struct {
	from, width int
	by          float32
}

func (p *product) From() []int { return []int{p.from} }
func (p *product) Width() int  { return p.width }
func (p *product) Bytes() int  { return 4 }

func (p *product) NewRunner() pipeline.Runner {
	return func(dst []float32, from [][]float32, rows int) error {
		for i, x := range from[0][:rows*p.width] {
			dst[i] = float32(x * p.by)
		}
		return nil
	}
}
