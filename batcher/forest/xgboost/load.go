package xgboost

import (
	"errors"
	"fmt"
	"strconv"
	"unsafe"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/dense"
	"github.com/disrust/disrust/batcher/forest/ensemble"
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
		Features:   f.features,
		Parameters: f.parameters,
	}}
	if f.booster == "gblinear" {
		m.Model, err = f.linear(s, o)
	} else {
		m.Model, err = f.forest(s, o, &m.About)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// shape is what both kinds of models need.
type shape struct {
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
	if len(f.version) < 2 {
		return s, fmt.Errorf("version has %d numbers: at least 2 are expected", len(f.version))
	}
	objective, err := findObjective(f.objective)
	if err != nil {
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
	if s.bases, err = f.bases(objective, s.outputs); err != nil {
		return s, err
	}
	s.transform, err = objective.transform(s.output, s.outputs)
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
	version := ""
	for i, v := range f.version {
		if i > 0 {
			version += "."
		}
		version += strconv.Itoa(int(v))
	}
	return "XGBoost " + version + " " + text
}

// linear makes the model of gblinear.
func (f *file) linear(s shape, o modelfile.Options) (batcher.Model, error) {
	if o.Iterations != modelfile.AllIterations {
		return nil, errors.New("a gblinear model has no iterations to choose from")
	}
	if want := (s.dim + 1) * s.outputs; len(f.model.weights) != want {
		return nil, fmt.Errorf("weights has %d elements: %d are expected, for %d features and the bias of %d outputs", len(f.model.weights), want, s.dim, s.outputs)
	}
	for i, w := range f.model.weights {
		if w-w != 0 {
			return nil, fmt.Errorf("weights: element %d is %v", i, w)
		}
	}
	weights, bias := f.model.weights[:s.dim*s.outputs], f.model.weights[s.dim*s.outputs:]
	start := make([]float32, s.outputs)
	for i := range start {
		start[i] = bias[i] + s.bases[0] // for every output, even if the file has several
	}
	return dense.NewLinear(dense.Config{
		Dim: s.dim, Sums: s.outputs, Weights: weights, Start: start,
		Output: s.output, Transform: s.transform,
	})
}

// forest makes the model of gbtree or dart.
func (f *file) forest(s shape, o modelfile.Options, about *modelfile.About) (batcher.Model, error) {
	if err := f.checkTrees(s.outputs); err != nil {
		return nil, err
	}
	ends, err := f.iterationEnds(s.outputs)
	if err != nil {
		return nil, err
	}
	about.Iterations, about.Best = len(ends), f.best()
	if about.Used, err = used(o, about, ends == nil && len(f.model.trees) > 0); err != nil {
		return nil, err
	}
	trees := f.model.trees
	if about.Used < about.Iterations {
		trees = trees[:ends[about.Used-1]]
	}
	b, err := ensemble.NewBuilder(ensemble.Config{
		Dim: s.dim, Groups: s.outputs, Sum: ensemble.Single, Base: s.bases,
		Output: s.output, Transform: s.transform,
	})
	if err != nil {
		return nil, err
	}
	g := newGrower(s.dim, f.setBudget())
	for i, t := range trees {
		drop := float32(1)
		if f.booster == "dart" {
			drop = f.weightDrop[i]
		}
		grown, err := g.grow(t, drop)
		if err == nil {
			grown.Group = int(f.model.info[i])
			err = b.Add(grown)
		}
		if err != nil {
			return nil, in(i, err)
		}
		trees[i] = nil
	}
	about.Trees, about.Leaves, about.Usage = len(trees), g.leaves, g.usage
	return b.Build(), nil
}

// setBudget returns how many bytes the sets of all splits may take: a set has a bit for each
// category up to its largest, so a few bytes of the file could ask for 2 MiB.
func (f *file) setBudget() int {
	size := 64 << 20
	for _, t := range f.model.trees {
		size += len(t.sets) * int(unsafe.Sizeof(t.sets[0])) * 8
	}
	return size
}

func (f *file) checkTrees(outputs int) error {
	m := f.model
	switch {
	case m.encoded >= 0:
		return fmt.Errorf("cats: the file has the names of the categories of %s, which a row of numbers cannot hold; train on the codes of the categories", f.feature(m.encoded))
	case !m.hasTrees:
		return errors.New("trees is missing")
	case m.numTrees == "":
		return errors.New("gbtree_model_param is missing")
	case m.numTrees != strconv.Itoa(len(m.trees)):
		return fmt.Errorf("num_trees is %s, but trees has %d elements", quote(m.numTrees), len(m.trees))
	case len(m.info) != len(m.trees):
		return fmt.Errorf("tree_info has %d elements, but trees has %d", len(m.info), len(m.trees))
	case f.booster == "dart" && len(f.weightDrop) != len(m.trees):
		return fmt.Errorf("weight_drop has %d elements, but trees has %d", len(f.weightDrop), len(m.trees))
	}
	for i, output := range m.info {
		if output < 0 || int(output) >= outputs {
			return fmt.Errorf("tree_info: element %d is %d: 0 to %d is allowed", i, output, outputs-1)
		}
	}
	return nil
}

// feature names a column of the rows.
func (f *file) feature(i int) string {
	if i < len(f.features) {
		return fmt.Sprintf("feature %d (%s)", i, f.features[i])
	}
	return fmt.Sprintf("feature %d", i)
}
