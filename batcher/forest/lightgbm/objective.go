package lightgbm

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher/link"
	"github.com/disrust/disrust/wire"
)

// objective says what LightGBM's predict makes of the sums.
type objective struct {
	name      string
	transform link.Transform
	classes   bool
}

// objectives are those that LightGBM writes. LightGBM 2 wrote the last two names.
var objectives = map[string]objective{
	"":                     {},
	"regression":           {},
	"regression_l1":        {},
	"huber":                {},
	"fair":                 {},
	"quantile":             {},
	"mape":                 {},
	"lambdarank":           {},
	"rank_xendcg":          {},
	"poisson":              {transform: link.Transform{Func: link.Exp}},
	"gamma":                {transform: link.Transform{Func: link.Exp}},
	"tweedie":              {transform: link.Transform{Func: link.Exp}},
	"binary":               {transform: link.Transform{Func: link.Sigmoid}, classes: true},
	"multiclass":           {transform: link.Transform{Func: link.Softmax}, classes: true},
	"multiclassova":        {transform: link.Transform{Func: link.Sigmoid}, classes: true},
	"cross_entropy":        {transform: link.Transform{Func: link.Sigmoid, Scale: 1}, classes: true},
	"cross_entropy_lambda": {transform: link.Transform{Func: link.Log1pExp}},
	"xentropy":             {transform: link.Transform{Func: link.Sigmoid, Scale: 1}, classes: true},
	"xentlambda":           {transform: link.Transform{Func: link.Log1pExp}},
}

// rooted are the objectives that can be trained on the root of the label.
var rooted = map[string]bool{"regression": true, "regression_l1": true, "fair": true, "quantile": true, "mape": true}

// parseObjective reads the value of the line objective, of a model with so many sums.
func parseObjective(line []byte, sums int) (objective, error) {
	words := bytes.Fields(line)
	if len(words) == 0 {
		return objective{}, nil
	}
	name := string(words[0][:min(len(words[0]), 40)])
	o, known := objectives[name]
	if !known {
		return o, fmt.Errorf("objective=%s is unknown: predictions of this model cannot be told; to serve its raw scores, delete the line", name)
	}
	o.name = name
	for _, w := range words[1:] {
		if err := o.parameter(w, sums); err != nil {
			return o, fmt.Errorf("objective=%s: %w", name, err)
		}
	}
	if o.transform.Func == link.Sigmoid && o.transform.Scale == 0 {
		return o, fmt.Errorf("objective=%s: sigmoid is missing", name)
	}
	many := name == "multiclass" || name == "multiclassova"
	if many && sums < 2 || !many && sums > 1 {
		return o, fmt.Errorf("objective=%s does not go with num_tree_per_iteration=%d", name, sums)
	}
	return o, nil
}

// refuse returns an error if a model with the objective has no scores of the kind.
func (o *objective) refuse(kind wire.Kind) error {
	if kind != wire.Class || o.classes {
		return nil
	}
	if o.name == "" {
		return errors.New("the output class is asked for: the file names no objective, so there are no classes")
	}
	return fmt.Errorf("the output class is asked for: the objective is %s, which has no classes", o.name)
}

// parameter reads one word after the objective's name.
func (o *objective) parameter(word []byte, sums int) error {
	key, value, _ := bytes.Cut(word, []byte(":"))
	switch string(key) {
	case "sqrt":
		if !rooted[o.name] {
			return fmt.Errorf("sqrt does not go with it")
		}
		o.transform.Func = link.SignedSquare
	case "sigmoid":
		x, err := decimal(value)
		if err != nil || !(x > 0) {
			return fmt.Errorf("sigmoid:%s is no positive number", short(value))
		}
		o.transform.Scale = x
	case "num_class":
		if n, err := whole(value); err != nil || int(n) != sums {
			return fmt.Errorf("num_class:%s does not go with num_tree_per_iteration=%d", short(value), sums)
		}
	case "alpha", "fair_c", "tweedie_variance_power", "max_delta_step": // of the training only
	default:
		return fmt.Errorf("%s is unknown", short(word))
	}
	return nil
}
