// Package catmodel makes a model of what a file of CatBoost says, whichever format the file has.
package catmodel

import (
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// Model is what a file says. Only Load checks it, beyond the types.
type Model struct {
	Format     string    // as in modelfile.About
	Features   []Feature // of numbers, in the file's order
	Loss       string    // "": the file does not say
	Parameters []modelfile.Parameter
	Trees      []*Tree
	Scale      float64
	Bias       []float64 // of each output, or one for all
}

// Feature is a feature of numbers. A row goes right at a split if the feature is above the border.
type Feature struct {
	Name    string
	Index   int32            // among the features of numbers
	Flat    int32            // among all features: the column
	Missing ensemble.Missing // where rows go whose feature is NaN
}

// Load makes the model. Trees are nil afterwards.
func (m *Model) Load(o modelfile.Options) (*modelfile.Model, error) {
	columns, err := m.columns()
	if err != nil {
		return nil, err
	}
	outputs, bias, err := m.outputs()
	if err != nil {
		return nil, err
	}
	output := o.Output
	if output == wire.Unstated {
		output = wire.Prob
	}
	transform, err := m.transform(output, outputs)
	if err != nil {
		return nil, err
	}
	about := modelfile.About{
		Format: m.Format, Objective: m.Loss, Iterations: len(m.Trees), Features: m.names(columns),
		Parameters: m.Parameters, Usage: make([]modelfile.Usage, len(columns)), NoBest: errNoBest.Error(),
	}
	if about.Used, err = used(o.Iterations, len(m.Trees)); err != nil {
		return nil, err
	}
	about.Answers = m.answers(outputs, about.Used, about.Iterations)
	b, err := ensemble.NewBuilder(ensemble.Config{
		Dim: len(columns), Groups: outputs, Output: output, Transform: transform, Scale: m.Scale, Bias: bias,
		Kernel: o.Kernel, Record: o.Record,
	})
	if err != nil {
		return nil, err
	}
	leaves := 0
	for _, t := range m.Trees[:about.Used] {
		leaves += len(t.Values) // one for each output
	}
	b.Reserve(leaves)
	g := grower{builder: b, columns: columns, outputs: outputs, about: &about}
	for i, t := range m.Trees[:about.Used] {
		if err := g.add(t); err != nil {
			return nil, InTree(i, err)
		}
		m.Trees[i] = nil
	}
	return &modelfile.Model{Model: b.Build(), About: about}, nil
}

var errNoBest = errors.New("the file does not say which iteration was the best: CatBoost leaves out what comes after it " +
	"(use_best_model), so use all")

// used returns how many iterations count.
func used(wanted, iterations int) (int, error) {
	switch {
	case wanted == modelfile.AllIterations:
		return iterations, nil
	case wanted == modelfile.BestIteration:
		return 0, errNoBest
	case wanted < 1 || wanted > iterations:
		return 0, fmt.Errorf("the file has %d iterations, not %d", iterations, wanted)
	}
	return wanted, nil
}
