package xgboost

import (
	"fmt"

	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/batcher/link"
	"github.com/disrust/disrust/wire"
)

// answers says which call of XGBoost each output equals, if the first used iterations count.
func (o objective) answers(outputs, used, iterations int) []modelfile.Answer {
	some := ""
	if used < iterations {
		some = fmt.Sprintf(", iteration_range=(0, %d)", used)
	}
	prob := "booster.predict(DMatrix(rows)" + some + ")"
	return modelfile.Answers(func(kind wire.Kind) (modelfile.Answer, error) {
		t, err := o.transform(kind, outputs)
		switch kind {
		case wire.Raw:
			return modelfile.Answer{Call: "booster.predict(DMatrix(rows), output_margin=True" + some + ")"}, err
		case wire.Prob:
			return modelfile.Answer{Call: prob, Steps: steps[t.Func]}, err
		}
		return modelfile.Answer{Call: prob + o.toClass()}, err
	})
}

// toClass is what turns the answer of predict into the index of a class.
func (o objective) toClass() string {
	switch {
	case o.prob == link.Argmax:
		return ""
	case o.multi:
		return ".argmax(axis=1)"
	case o.prob == link.Identity:
		return " > 0"
	}
	return " > 0.5"
}

// steps says how far from XGBoost's the answers of a function may lie. Those of the others have the
// same bits; the README says how that was measured.
var steps = map[link.Func]int{link.Softmax32: 2, link.Exp32: 1, link.Exp: 1}
