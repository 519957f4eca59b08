package onnx

import (
	"fmt"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/batcher/onnx/internal/graph"
	"github.com/disrust/disrust/batcher/onnx/internal/pipeline"
	"github.com/disrust/disrust/batcher/onnx/internal/proto"
	"github.com/disrust/disrust/wire"
)

// Loader makes package forest load ONNX files too.
var Loader = forest.Loader{Format: "ONNX", Is: is, Load: load}

// Load reads the model in a file, of ONNX or of a format of package forest.
func Load(path string, o forest.Options) (*forest.Model, error) {
	return forest.LoadWith(path, o, Loader)
}

// Parse reads a model from the bytes of such a file. The model does not refer to data.
func Parse(data []byte, o forest.Options) (*forest.Model, error) {
	return forest.ParseWith(data, o, Loader)
}

// is reports whether a file begins with the version of ONNX's format, and a field that may follow.
func is(head []byte) bool {
	if len(head) < 3 || head[0] != 0x08 || head[1] == 0 || head[1] >= 0x80 {
		return false
	}
	switch head[2] {
	case 0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42:
		return true
	}
	return false
}

// oldest is the oldest version of the operators of ai.onnx that are supported.
const oldest = 7

// load makes a model of a file.
func load(data []byte, o modelfile.Options) (*modelfile.Model, error) {
	if o.Iterations != modelfile.AllIterations {
		return nil, fmt.Errorf("an ONNX file does not say which trees belong to an iteration: ask for all iterations")
	}
	file, err := proto.Read(data)
	if err != nil {
		return nil, err
	}
	if err := versions(file); err != nil {
		return nil, err
	}
	g, err := graph.New(file)
	if err == nil {
		err = versions(file) // its functions may have stated more
	}
	if err != nil {
		return nil, err
	}
	c := compiler{graph: g, kernel: o.Kernel, values: map[string]value{g.Input: {Shape: row(g.Dim), kind: proto.Float}}, left: maxWork + workPerByte*len(data)}
	output := o.Output
	if output == wire.Unstated {
		output = wire.Prob
	}
	outputs, err := c.compile(output == wire.Class)
	if err != nil {
		return nil, err
	}
	config := pipeline.Config{Dim: g.Dim, Stages: c.stages, Outputs: outputs, Kind: output}
	if c.first != nil {
		config.Sampler = c.first
	}
	p, err := pipeline.New(config)
	if err != nil {
		return nil, err
	}
	m := &model{p, c.forests}
	return &modelfile.Model{Model: m, About: c.about(file, m)}, nil
}

// versions refuses sets of operators that are unknown.
func versions(m *proto.Model) error {
	for _, of := range []struct {
		domain, name   string
		oldest, newest int64
	}{{"", "ai.onnx", oldest, 28}, {"ai.onnx.ml", "ai.onnx.ml", 1, 5}} {
		v, found := m.Opsets[of.domain]
		switch {
		case found && v > of.newest:
			return fmt.Errorf("the file uses opset %d of %s: up to %d is supported: export it with an older target_opset", v, of.name, of.newest)
		case found && v < of.oldest:
			return fmt.Errorf("the file uses opset %d of %s: %d and later are supported: export it with a newer target_opset", v, of.name, of.oldest)
		}
	}
	return nil
}

// model is a pipeline that knows its trees.
type model struct {
	*pipeline.Model
	forests []*ensemble.Model
}

// TreeSize returns how many leaves a tree has, and how many nodes lie before the farthest.
func (m *model) TreeSize(tree int) (leaves, depth int) {
	for _, f := range m.forests {
		if tree < f.Trees() {
			return f.TreeSize(tree)
		}
		tree -= f.Trees()
	}
	panic("onnx: a tree that the model does not have")
}

// near is how far the scores of a graph that computes sums usually lie from onnxruntime's at most, which
// adds in another order. Tests measure both against float64.
const near = 1e-5

// about says what the file holds.
func (c *compiler) about(file *proto.Model, m *model) modelfile.About {
	a := modelfile.About{Format: "ONNX", NoBest: "an ONNX file has no iterations"}
	if file.Producer != "" {
		a.Format += " of " + graph.Plain(file.Producer)
	}
	for _, f := range m.forests {
		for i := range f.Trees() {
			leaves, _ := f.TreeSize(i)
			a.Leaves += leaves
		}
		a.Trees += f.Trees()
	}
	a.Stages = append([]string{}, c.described()...) // a graph may need none
	a.Classes = c.classes()
	a.Answers = modelfile.Answers(func(kind wire.Kind) (modelfile.Answer, error) {
		if _, err := c.wanted(kind == wire.Class); err != nil {
			return modelfile.Answer{}, err
		}
		answer := modelfile.Answer{Call: "the float outputs of InferenceSession.run, with one thread"}
		if kind == wire.Class {
			answer.Call = "the index of the label that InferenceSession.run gives"
		}
		if c.rounded {
			answer.Near = near
		}
		return answer, nil
	})
	return a
}
