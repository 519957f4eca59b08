package xgboost

import (
	"fmt"
	"strconv"

	"github.com/disrust/disrust/batcher/forest/internal/document"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/batcher/link"
	"github.com/disrust/disrust/wire"
)

// Load makes a model of a file in memory. Nothing refers to data afterwards.
//
// Besides the model itself, loading takes memory of a small multiple of the file's size.
func Load(data []byte, o modelfile.Options) (*modelfile.Model, error) {
	f, err := read(data)
	if err != nil {
		return nil, err
	}
	s, err := f.shape(o)
	if err != nil {
		return nil, err
	}
	m := &modelfile.Model{About: modelfile.About{
		Format:     f.format(data),
		Objective:  f.objective,
		Categories: categoryRule,
		Features:   f.features,
		Parameters: f.kept(),
	}}
	if f.booster == "gblinear" {
		m.About.NoBest = errNoIterations.Error()
		m.Model, err = f.linear(s, o)
	} else {
		m.Model, err = f.forest(s, o, &m.About)
	}
	if err != nil {
		return nil, err
	}
	m.About.Answers = s.objective.answers(s.outputs, m.About.Used, m.About.Iterations)
	return m, nil
}

const categoryRule = "A number's whole part is its category. A category that the split lists goes right; " +
	"any other, a negative one and 16777216 or more go left; NaN goes where the split says."

// kept returns the parameters of the training that the file keeps.
func (f *file) kept() []modelfile.Parameter {
	all := []modelfile.Parameter{{Name: "booster", Value: f.booster}, {Name: "base_score", Value: f.baseScore}}
	if n := f.model.numParallelTree; n != "" {
		all = append(all, modelfile.Parameter{Name: "num_parallel_tree", Value: n})
	}
	return append(all, f.parameters...)
}

// shape is what both kinds of models need.
type shape struct {
	objective objective
	dim       int
	outputs   int // sums
	bases     []float32
	output    wire.Kind
	transform link.Transform
}

func (f *file) shape(o modelfile.Options) (shape, error) {
	s := shape{output: o.Output}
	if s.output == wire.Unstated {
		s.output = wire.Prob
	}
	if len(f.version) != 3 {
		return s, fmt.Errorf("version has %d numbers: 3 are expected", len(f.version))
	}
	var err error
	if s.objective, err = findObjective(f.objective); err != nil {
		return s, err
	}
	if s.dim, err = number("num_feature", f.numFeature, 1, wire.MaxDim); err != nil {
		return s, err
	}
	if len(f.features) != 0 && len(f.features) != s.dim {
		return s, fmt.Errorf("feature_names has %d names, but num_feature is %d", len(f.features), s.dim)
	}
	if s.outputs, err = f.outputs(); err != nil {
		return s, err
	}
	if s.bases, err = f.bases(s.objective, s.outputs); err != nil {
		return s, err
	}
	s.transform, err = s.objective.transform(s.output, s.outputs)
	return s, err
}

// outputs returns how many sums the model has.
func (f *file) outputs() (int, error) {
	classes, err := number("num_class", f.numClass, 0, wire.MaxOutputs)
	if err != nil {
		return 0, err
	}
	targets := 1
	if f.numTarget != "" { // written since 1.6
		if targets, err = number("num_target", f.numTarget, 0, wire.MaxOutputs); err != nil {
			return 0, err
		}
	}
	if classes > 1 && targets > 1 {
		return 0, fmt.Errorf("num_class is %d and num_target is %d: one of them must be 0 or 1", classes, targets)
	}
	return max(classes, targets, 1), nil
}

// number parses one of the numbers that XGBoost writes as strings.
func number(name, text string, low, high int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("%s is %s: %d to %d is supported", name, quote(text), low, high)
	}
	return n, nil
}

func (f *file) format(data []byte) string {
	text := "JSON"
	if document.IsUBJSON(data) {
		text = "UBJSON"
	}
	return fmt.Sprintf("XGBoost %d.%d.%d %s", f.version[0], f.version[1], f.version[2], text)
}
