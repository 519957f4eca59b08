package catboost

import (
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/forest/internal/document"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// Is reports whether a file that begins so is JSON of CatBoost: its first key is one of a model's.
func Is(head []byte) bool {
	r := document.New(head)
	if r.Open(document.Object) != nil || document.IsUBJSON(head) {
		return false
	}
	key, ok, err := r.Key()
	if err != nil || !ok {
		return false
	}
	switch string(key) {
	case "ctr_data", "features_info", "model_info", "oblivious_trees", "scale_and_bias", "trees":
		return true
	}
	return false
}

// Load makes a model of a file in memory. Nothing refers to data afterwards.
func Load(data []byte, o modelfile.Options) (*modelfile.Model, error) {
	f, err := read(data)
	if err != nil {
		return nil, err
	}
	columns, err := f.columns()
	if err != nil {
		return nil, err
	}
	outputs, bias, err := f.outputs()
	if err != nil {
		return nil, err
	}
	output := o.Output
	if output == wire.Unstated {
		output = wire.Prob
	}
	transform, err := f.transform(output, outputs)
	if err != nil {
		return nil, err
	}
	about := modelfile.About{
		Format: "CatBoost JSON", Objective: f.loss, Iterations: len(f.trees), Features: f.names(columns),
		Parameters: f.parameters, Usage: make([]modelfile.Usage, len(columns)), NoBest: errNoBest.Error(),
	}
	if about.Used, err = used(o.Iterations, len(f.trees)); err != nil {
		return nil, err
	}
	about.Answers = f.answers(outputs, about.Used, about.Iterations)
	b, err := ensemble.NewBuilder(ensemble.Config{
		Dim: len(columns), Groups: outputs, Output: output, Transform: transform, Scale: f.scale, Bias: bias, Record: o.Record,
	})
	if err != nil {
		return nil, err
	}
	leaves := 0
	for _, t := range f.trees[:about.Used] {
		leaves += len(t.values) // one for each output
	}
	b.Reserve(leaves)
	g := grower{builder: b, columns: columns, outputs: outputs, about: &about}
	for i, t := range f.trees[:about.Used] {
		if err := g.add(t); err != nil {
			return nil, inTree(i, err)
		}
		f.trees[i] = nil
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
	case wanted > iterations:
		return 0, fmt.Errorf("the file has %d iterations, not %d", iterations, wanted)
	}
	return wanted, nil
}
