package catboost

import (
	"fmt"

	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/forest/internal/document"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/batcher/link"
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
		Parameters: f.parameters, Usage: make([]modelfile.Usage, len(columns)),
	}
	if about.Used, err = used(o.Iterations, len(f.trees)); err != nil {
		return nil, err
	}
	b, err := ensemble.NewBuilder(ensemble.Config{
		Dim: len(columns), Groups: outputs, Output: output, Transform: transform, Scale: f.scale, Bias: bias,
	})
	if err != nil {
		return nil, err
	}
	g := grower{builder: b, columns: columns, outputs: outputs, about: &about}
	for i, t := range f.trees[:about.Used] {
		if err := g.add(t); err != nil {
			return nil, inTree(i, err)
		}
		f.trees[i] = nil
	}
	about.Trees = about.Used
	return &modelfile.Model{Model: b.Build(), About: about}, nil
}

// used returns how many iterations count.
func used(wanted, iterations int) (int, error) {
	switch {
	case wanted == modelfile.AllIterations:
		return iterations, nil
	case wanted == modelfile.BestIteration:
		return 0, fmt.Errorf("the file does not say which iteration was the best: CatBoost leaves out what comes after it (use_best_model)")
	case wanted > iterations:
		return 0, fmt.Errorf("the file has %d iterations, not %d", iterations, wanted)
	}
	return wanted, nil
}

// transform returns what makes scores of the kind of the sums.
func (f *file) transform(kind wire.Kind, outputs int) (link.Transform, error) {
	if kind == wire.Raw {
		return link.Transform{}, nil
	}
	loss, known := losses[f.loss]
	switch {
	case f.loss == "":
		return link.Transform{}, fmt.Errorf("model_info.params.loss_function.type is missing: what the model predicts is not known, only its raw scores")
	case !known:
		return link.Transform{}, fmt.Errorf("loss_function: what a model of the type %s predicts is not known, only its raw scores", quote(f.loss))
	case loss.many && outputs < 2, loss.classes && !loss.many && outputs > 1:
		return link.Transform{}, fmt.Errorf("loss_function: the type %s does not go with %d outputs", f.loss, outputs)
	case kind == wire.Class && !loss.classes:
		return link.Transform{}, fmt.Errorf("loss_function: a model of the type %s has no classes", f.loss)
	}
	return loss.transform, nil
}

// loss says what CatBoost predicts for a loss function.
type loss struct {
	transform link.Transform
	classes   bool // the answer names a class
	many      bool // of more than two
}

var sigmoid = link.Transform{Func: link.Sigmoid, Scale: 1}

// losses are those whose predictions are known. CatBoost's predict answers the raw scores of those
// that have no transform.
var losses = map[string]loss{
	"RMSE": {}, "MAE": {}, "MAPE": {}, "Quantile": {}, "MultiQuantile": {}, "Expectile": {}, "Lq": {}, "Huber": {}, "LogCosh": {},
	"MultiRMSE": {}, "MultiRMSEWithMissingValues": {},
	"YetiRank": {}, "YetiRankPairwise": {}, "PairLogit": {}, "PairLogitPairwise": {}, "QueryRMSE": {}, "QuerySoftMax": {},
	"QueryCrossEntropy": {}, "StochasticFilter": {}, "StochasticRank": {}, "LambdaMart": {},

	"Poisson": {transform: link.Transform{Func: link.Exp}},
	"Tweedie": {transform: link.Transform{Func: link.Exp}},

	"Logloss":            {transform: sigmoid, classes: true},
	"CrossEntropy":       {transform: sigmoid, classes: true},
	"Focal":              {transform: sigmoid, classes: true},
	"MultiClass":         {transform: link.Transform{Func: link.Softmax}, classes: true, many: true},
	"MultiClassOneVsAll": {transform: sigmoid, classes: true, many: true},
	"MultiLogloss":       {transform: sigmoid},
	"MultiCrossEntropy":  {transform: sigmoid},
}
