package xgboost

import (
	"fmt"
	"strings"

	"github.com/disrust/disrust/batcher/forest/internal/document"
	"github.com/disrust/disrust/batcher/link"
	"github.com/disrust/disrust/wire"
)

// objective is what an objective means for scores.
type objective struct {
	name string
	base baseLink
	prob link.Func // what Booster.predict applies to the sums

	// class is what is applied before the class is taken; classless: the objective has no
	// classes.
	class     link.Func
	classless bool
	multi     bool // an output for each class
}

// baseLink is how a base score becomes the margin that the sums start at.
type baseLink uint8

const (
	asIs baseLink = iota
	logit
	logarithm
)

var objectives = []objective{
	{name: "reg:squarederror", classless: true},
	{name: "reg:squaredlogerror", classless: true},
	{name: "reg:pseudohubererror", classless: true},
	{name: "reg:absoluteerror", classless: true},
	{name: "reg:quantileerror", classless: true},
	{name: "reg:logistic", base: logit, prob: link.Sigmoid32, classless: true},
	{name: "reg:gamma", base: logarithm, prob: link.Exp32, classless: true},
	{name: "reg:tweedie", base: logarithm, prob: link.Exp32, classless: true},
	{name: "count:poisson", base: logarithm, prob: link.Exp32, classless: true},
	{name: "survival:cox", base: logarithm, prob: link.Exp32, classless: true},
	{name: "survival:aft", base: logarithm, prob: link.Exp, classless: true}, // alone in double
	{name: "rank:pairwise", classless: true},
	{name: "rank:ndcg", classless: true},
	{name: "rank:map", classless: true},
	{name: "binary:logistic", base: logit, prob: link.Sigmoid32, class: link.Sigmoid32},
	{name: "binary:logitraw", class: link.Step},
	{name: "binary:hinge", prob: link.Step, class: link.Step},
	{name: "multi:softprob", prob: link.Softmax32, class: link.Softmax32, multi: true},
	{name: "multi:softmax", prob: link.Argmax, multi: true},
}

func findObjective(name string) (objective, error) {
	names := make([]string, len(objectives))
	for i, o := range objectives {
		if o.name == name {
			return o, nil
		}
		names[i] = o.name
	}
	return objective{}, fmt.Errorf("the objective %s: supported are %s", quote(name), strings.Join(names, ", "))
}

// transform returns the function for scores of the kind, of so many outputs.
func (o objective) transform(kind wire.Kind, outputs int) (link.Transform, error) {
	switch {
	case kind == wire.Raw:
		return link.Transform{}, nil
	case kind == wire.Prob:
		return link.Transform{Func: o.prob}, nil
	case o.classless:
		return link.Transform{}, fmt.Errorf("the objective %s has no classes", o.name)
	case o.multi && outputs == 1:
		return link.Transform{}, fmt.Errorf("the objective %s has one class only", o.name)
	case !o.multi && outputs > 1:
		return link.Transform{}, fmt.Errorf("the model has %d labels, each with classes of its own", outputs)
	}
	return link.Transform{Func: o.class}, nil
}

// bases returns the margin that the sum of each output starts at.
func (f *file) bases(o objective, outputs int) ([]float32, error) {
	scores, err := parseBaseScores(f.baseScore)
	if err != nil {
		return nil, fmt.Errorf("base_score %s is neither a number nor an array of numbers", quote(f.baseScore))
	}
	if len(scores) != 1 && len(scores) != outputs {
		return nil, fmt.Errorf("base_score has %d values: 1 or the number of outputs, %d, is expected", len(scores), outputs)
	}
	margins := make([]float32, outputs)
	for i := range margins {
		score := scores[0]
		if len(scores) > 1 {
			score = scores[i]
		}
		if margins[i], err = f.margin(o, score); err != nil {
			return nil, err
		}
	}
	return margins, nil
}

// parseBaseScores reads a number or, from XGBoost 3.1 on, an array of numbers.
func parseBaseScores(text string) ([]float32, error) {
	r := document.New([]byte(text))
	if strings.HasPrefix(text, "[") {
		scores, err := r.Float32s(nil)
		if err != nil {
			return nil, err
		}
		return scores, r.Close()
	}
	score, err := r.Float32()
	if err != nil {
		return nil, err
	}
	return []float32{score}, r.Close()
}

func (f *file) margin(o objective, score float32) (float32, error) {
	wrong := func(allowed string) (float32, error) {
		return 0, fmt.Errorf("base_score is %v, but for %s %s", score, o.name, allowed)
	}
	if score-score != 0 {
		return wrong("it must be finite")
	}
	switch o.base {
	case logit:
		if !(score >= 0 && score <= 1) {
			return wrong("it must be in [0, 1]")
		}
		if f.since(3, 1) {
			score = min(max(score, 1e-6), 1-1e-6)
		} else if score == 0 || score == 1 {
			return wrong("it must be in (0, 1)")
		}
		return link.Logit32(score), nil
	case logarithm:
		if score < 0 {
			return wrong("it must not be negative")
		}
		return link.Log32(score), nil
	}
	return score, nil
}

// since reports whether XGBoost of this version or a newer one wrote the file.
func (f *file) since(major, minor int32) bool {
	return f.version[0] > major || f.version[0] == major && f.version[1] >= minor
}
