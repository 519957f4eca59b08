package onnx

import (
	"math"
	"slices"

	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/batcher/onnx/internal/shape"
	"github.com/disrust/disrust/batcher/onnx/internal/stages"
)

type key struct{ domain, operator string }

type compile = func(*compiler, *graph.Node) error

// operators compile their nodes. [compiler.node] refuses attributes that they did not take.
var operators = map[key]compile{}

func init() {
	for name, op := range map[string]compile{
		"Identity": same, "Cast": cast, "CastLike": castLike, "Constant": constant, "Dropout": dropout,
		"Shape": shapeOf, "ConstantOfShape": constantOfShape, "Expand": expand,
		"Gemm": gemm, "MatMul": matMul, "BatchNormalization": batchNorm, "LayerNormalization": layerNorm,
		"Softmax": softmax, "LogSoftmax": softmax, "LpNormalization": lpNorm,
		"Reshape": reshape, "Flatten": flatten, "Transpose": transpose,
		"Squeeze": byAxes(shape.Shape.Squeeze), "Unsqueeze": byAxes(shape.Shape.Unsqueeze),
		"Concat": concat, "Gather": gather, "Slice": slice, "Split": split, "Where": where, "Pow": pow, "Clip": clip,
		"ArgMax": arg, "ArgMin": arg, "IsNaN": isNaN, "ReduceLogSumExp": reduceLogSumExp,
	} {
		operators[key{"", name}] = op
	}
	for name, op := range map[string]compile{
		"ZipMap": zipMap, "Scaler": scaler, "Normalizer": normalizer, "Imputer": imputer, "Binarizer": binarizer,
		"ArrayFeatureExtractor": arrayFeatureExtractor, "LabelEncoder": labelEncoder, "OneHotEncoder": oneHotEncoder, "FeatureVectorizer": featureVectorizer,
		"LinearRegressor": linearRegressor, "LinearClassifier": linearClassifier,
		"TreeEnsemble": treeEnsemble, "TreeEnsembleClassifier": treeClassifier, "TreeEnsembleRegressor": treeRegressor,
	} {
		operators[key{"ai.onnx.ml", name}] = op
	}
	for name, f := range functions {
		operators[key{"", name}] = f.compile
	}
	for name, op := range combinations {
		operators[key{"", name}] = op.compile
	}
	for name, fold := range folds {
		operators[key{"", name}] = func(c *compiler, n *graph.Node) error { return reduce(c, n, &stages.Reduce{Fold: fold}) }
	}
}

// same makes the output of a node the value of its input.
func same(c *compiler, n *graph.Node) error {
	v, err := c.input(n, 0)
	c.set(n, 0, v)
	return err
}

// dropout does nothing when a model is used.
func dropout(c *compiler, n *graph.Node) error {
	n.Ignore("ratio", "seed") // of the training
	training, err := c.number(n, 2, proto.Bool, 0)
	if err != nil {
		return err
	}
	if training != 0 {
		return n.Errorf("training_mode is set: export the model for inference")
	}
	if c.asked(n, 1) {
		return n.Errorf("its output mask is not supported")
	}
	return same(c, n)
}

// constant takes the value from one of the attributes that may have it.
func constant(c *compiler, n *graph.Node) error {
	v := value{Shape: shape.Constant()}
	if t := n.Tensor("value"); t != nil {
		v = newConstant(t)
	} else if n.Has("value_float") {
		v.kind, v.constant = proto.Float, []float64{float64(n.Float("value_float", 0))}
	} else if n.Has("value_int") {
		v.kind, v.constant = proto.Int64, []float64{float64(n.Int("value_int", 0))}
	} else if n.Has("value_floats") {
		v.kind, v.constant = proto.Float, []float64{}
		for _, x := range n.Floats("value_floats") {
			v.constant = append(v.constant, float64(x))
		}
		v.Dims = []int{len(v.constant)}
	} else if n.Has("value_ints") {
		v.kind, v.constant = proto.Int64, []float64{}
		for _, x := range n.Ints("value_ints") {
			v.constant = append(v.constant, float64(x))
		}
		v.Dims = []int{len(v.constant)}
	} else if err := n.Done(); err != nil {
		return err
	} else {
		return n.Errorf("it has no value")
	}
	c.set(n, 0, v)
	return nil
}

// cast changes the type of numbers. All are kept as float32, which hold those of the other types; the
// place of a label is the same whether its name is a number or a text.
func cast(c *compiler, n *graph.Node) error { return c.castTo(n, n.Int("to", 0)) }

// castLike is cast to the type of another value.
func castLike(c *compiler, n *graph.Node) error {
	like, err := c.input(n, 1)
	if err != nil {
		return err
	}
	return c.castTo(n, like.kind)
}

func (c *compiler) castTo(n *graph.Node, to int64) error {
	v, err := c.input(n, 0)
	if err != nil {
		return err
	}
	n.Ignore("saturate", "round_mode") // of float8
	asked := to
	if to == proto.Int32 {
		to = proto.Int64
	}
	wrong := n.Errorf("from %s to %s is not supported", proto.TypeName(v.kind), proto.TypeName(asked))
	switch {
	case v.kind == proto.String && v.constant != nil && to != proto.String:
		return wrong
	case isLabel(v) && (to == proto.Int64 || to == proto.String || to == proto.Float && v.labels != nil && v.labels.numbers != nil):
		v.kind = to
		c.set(n, 0, v)
		return nil
	case isLabel(v):
		if v, err = c.numbers(n, 0); err != nil {
			return err
		}
	}
	switch to {
	case proto.Float, proto.Int64, proto.Bool:
	case proto.Double:
		if v.constant == nil {
			return wrong
		}
	default:
		return wrong
	}
	if v.constant != nil {
		if to != v.kind && (to == proto.Int64 || v.kind == proto.Int64) && slices.ContainsFunc(v.constant, math.IsNaN) {
			return n.Errorf("from NaN or the number of rows to %s is not supported", proto.TypeName(to))
		}
		c.set(n, 0, castConstant(v, to))
		return nil
	}
	kind := v.kind
	v.kind = to
	switch {
	case kind == to, kind == proto.Bool, to == proto.Float:
		if kind == proto.Bool {
			v.limit = 1
		}
		c.set(n, 0, v)
		return nil
	}
	s := &stages.Each{Name: "cast to " + proto.TypeName(to), Value: v.at, Columns: v.Size(), Apply: truncate}
	if to == proto.Bool {
		s.Apply = truth
	}
	c.set(n, 0, c.add(n, s, v.Shape, to))
	return nil
}

func castConstant(v value, to int64) value {
	out := v
	out.kind, out.constant = to, make([]float64, len(v.constant))
	for i, x := range v.constant {
		switch {
		case to == proto.Float:
			x = float64(float32(x))
		case to == proto.Int64:
			x = whole(x)
		case to == proto.Bool && x != 0:
			x = 1
		case to == proto.Bool:
			x = 0
		}
		out.constant[i] = x
	}
	return out
}

// whole cuts off what follows the decimal point. Among whole numbers 0 has no sign.
func whole(x float64) float64 { return math.Trunc(x) + 0 }

func truncate(v []float32) {
	for i, x := range v {
		v[i] = float32(whole(float64(x)))
	}
}

func truth(v []float32) {
	for i, x := range v {
		v[i] = 0
		if x != 0 {
			v[i] = 1
		}
	}
}

// zipMap names the columns of a matrix, which stays as it is.
func zipMap(c *compiler, n *graph.Node) error {
	count := max(len(n.Ints("classlabels_int64s")), len(n.Texts("classlabels_strings")))
	v, err := c.matrix(n, 0)
	if err != nil {
		return err
	}
	if v.Size() != count {
		return n.Errorf("it names %d columns, and its input has %d", count, v.Size())
	}
	c.set(n, 0, v)
	return nil
}
