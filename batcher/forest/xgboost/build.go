package xgboost

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/dense"
	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/forest/modelfile"
)

var errNoIterations = errors.New("a gblinear model has no iterations to choose from")

// linear makes the model of gblinear.
func (f *file) linear(s shape, o modelfile.Options) (batcher.Model, error) {
	if o.Iterations != modelfile.AllIterations {
		return nil, errNoIterations
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
	unknown := ends == nil && len(f.model.trees) > 0
	if about.Used, err = used(o, about, unknown); err != nil {
		return nil, err
	}
	if _, err := used(modelfile.Options{Iterations: modelfile.BestIteration}, about, unknown); err != nil {
		about.NoBest = err.Error()
	}
	trees := f.model.trees
	if about.Used < about.Iterations {
		trees = trees[:ends[about.Used-1]]
	}
	b, err := ensemble.NewBuilder(ensemble.Config{
		Dim: s.dim, Groups: s.outputs, Sum: ensemble.Single, Base: s.bases,
		Output: s.output, Transform: s.transform, Kernel: o.Kernel, Record: o.Record,
	})
	if err != nil {
		return nil, err
	}
	if err := f.grow(b, trees, s.dim, about); err != nil {
		return nil, err
	}
	return b.Build(), nil
}

// grow hands the trees to the builder, and lets go of each.
func (f *file) grow(b *ensemble.Builder, trees []*tree, dim int, about *modelfile.About) error {
	g := newGrower(dim, f.setBudget())
	for i, t := range trees {
		var drop *float32
		if f.booster == "dart" {
			drop = &f.weightDrop[i]
		}
		grown, err := g.grow(t, drop)
		if err == nil {
			grown.Group = int(f.model.info[i])
			err = b.Add(grown)
		}
		if err != nil {
			return in(i, err)
		}
		trees[i] = nil
	}
	about.Trees, about.Leaves, about.Usage = len(trees), g.leaves, g.usage
	return nil
}

// setBudget returns how many bytes the sets of all splits may take: a set has a bit for each
// category up to its largest, so a few bytes of the file could ask for 2 MiB.
func (f *file) setBudget() int {
	size := 64 << 20
	for _, t := range f.model.trees {
		size += 32 * len(t.sets)
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
