package lightgbm

import (
	"fmt"

	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/batcher/link"
	"github.com/disrust/disrust/wire"
)

// answers says which call of LightGBM each output equals, if the first used iterations count.
func (h *head) answers(used, iterations int) []modelfile.Answer {
	some := ""
	if used < iterations {
		some = fmt.Sprintf(", num_iteration=%d", used)
	}
	prob := "booster.predict(rows" + some + ")"
	return modelfile.Answers(func(kind wire.Kind) (modelfile.Answer, error) {
		switch {
		case kind == wire.Raw:
			return modelfile.Answer{Call: "booster.predict(rows, raw_score=True" + some + ")"}, nil
		case kind == wire.Prob:
			return modelfile.Answer{Call: prob, Steps: h.objective.steps()}, nil
		case h.sums > 1:
			return modelfile.Answer{Call: prob + ".argmax(axis=1)"}, h.objective.refuse(kind)
		}
		return modelfile.Answer{Call: prob + " > 0.5"}, h.objective.refuse(kind)
	})
}

// steps returns how far from LightGBM's the answers may lie: where it calls the exponential or the
// logarithm of the C library, one float32 step.
func (o *objective) steps() int {
	if o.transform.Func == link.Identity || o.transform.Func == link.SignedSquare {
		return 0
	}
	return 1
}
