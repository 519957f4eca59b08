package catmodel

import (
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/batcher/link"
	"github.com/disrust/disrust/wire"
)

// answers says which call of CatBoost each output equals, if the first used iterations count.
func (m *Model) answers(outputs, used, iterations int) []modelfile.Answer {
	some := ""
	if used < iterations {
		some = fmt.Sprintf(", ntree_end=%d", used)
	}
	call := func(kind string) string { return fmt.Sprintf("model.predict(rows, prediction_type=%q%s)", kind, some) }
	return modelfile.Answers(func(kind wire.Kind) (modelfile.Answer, error) {
		transform, err := m.transform(kind, outputs)
		switch {
		case kind == wire.Class:
			return modelfile.Answer{Call: call("Class") + ", as the index in model.classes_"}, err
		case transform.Func == link.Identity:
			return modelfile.Answer{Call: call("RawFormulaVal")}, err
		case transform.Func == link.Exp:
			return modelfile.Answer{Call: call("Exponent"), Steps: 1}, err
		case outputs == 1:
			return modelfile.Answer{Call: call("Probability") + "[:, 1]", Steps: 1}, err
		}
		return modelfile.Answer{Call: call("Probability"), Steps: 1}, err
	})
}

// transform returns what makes scores of the kind of the sums.
func (m *Model) transform(kind wire.Kind, outputs int) (link.Transform, error) {
	if kind == wire.Raw {
		return link.Transform{}, nil
	}
	loss, known := losses[m.Loss]
	switch {
	case m.Loss == "":
		return link.Transform{}, errors.New("loss_function.type is missing in the parameters: what the model predicts is not known, only its raw scores")
	case !known:
		return link.Transform{}, fmt.Errorf("loss_function: what a model of the type %s predicts is not known, only its raw scores", Quote(m.Loss))
	case loss.many && outputs < 2, loss.classes && !loss.many && outputs > 1:
		return link.Transform{}, fmt.Errorf("loss_function: the type %s does not go with %d outputs", m.Loss, outputs)
	case kind == wire.Class && !loss.classes:
		return link.Transform{}, fmt.Errorf("loss_function: a model of the type %s has no classes", m.Loss)
	case kind == wire.Class && outputs == 1: // CatBoost decides by the raw scores, as probabilities are rounded
		return link.Transform{Func: link.Step}, nil
	case kind == wire.Class:
		return link.Transform{}, nil
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
