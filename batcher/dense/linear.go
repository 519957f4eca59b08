package dense

import (
	"errors"
	"fmt"
	"slices"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/link"
	"github.com/disrust/disrust/wire"
)

// Config is what a [Linear] model is made of.
type Config struct {
	Dim     int       // features per row
	Sums    int       // sums per row
	Weights []float32 // Sums weights of feature 0, then those of feature 1, and so on
	Start   []float32 // what each sum starts at

	// Output is what the model answers: the sums (wire.Raw), what Transform makes of them
	// (wire.Prob), or the class that this names (wire.Class), as [link.Class] does.
	Output    wire.Kind
	Transform link.Transform
}

// Linear is a linear model. It implements [batcher.Model].
//
// A sum starts at its Start. The product of each feature with its weight is added in the order
// of the features. Products and sums are float32, each rounded. A feature that is NaN is left
// out, as XGBoost's gblinear does.
type Linear struct {
	config Config
	shape  batcher.Shape
}

// NewLinear makes a model. It copies the slices.
func NewLinear(c Config) (*Linear, error) {
	m := &Linear{config: c, shape: batcher.Shape{Dim: c.Dim, Outputs: c.Sums, Kind: c.Output}}
	if c.Dim < 1 || c.Sums < 1 {
		return nil, fmt.Errorf("dense: a model of %d features and %d sums: both must be at least 1", c.Dim, c.Sums)
	}
	switch c.Output {
	case wire.Raw:
	case wire.Prob:
		m.shape.Outputs = c.Transform.Outputs(c.Sums)
	case wire.Class:
		m.shape.Outputs = 1
	default:
		return nil, errors.New("dense: the output must be raw, prob or class")
	}
	if err := m.shape.Validate(); err != nil {
		return nil, err
	}
	if len(c.Start) != c.Sums || len(c.Weights) != c.Dim*c.Sums {
		return nil, fmt.Errorf("dense: %d weights and %d starts for %d features and %d sums", len(c.Weights), len(c.Start), c.Dim, c.Sums)
	}
	m.config.Weights = slices.Clone(c.Weights)
	m.config.Start = slices.Clone(c.Start)
	return m, nil
}

// Shape implements [batcher.Model].
func (m *Linear) Shape() batcher.Shape { return m.shape }

// Weight returns what a feature is multiplied by in one of the sums.
func (m *Linear) Weight(feature, sum int) float32 { return m.config.Weights[feature*m.config.Sums+sum] }

// Start returns what each sum starts at. It belongs to the model.
func (m *Linear) Start() []float32 { return m.config.Start }

// Bytes implements [batcher.Sized].
func (m *Linear) Bytes() int { return 4 * (len(m.config.Weights) + len(m.config.Start)) }

// NewScorer implements [batcher.Model].
func (m *Linear) NewScorer() batcher.Scorer {
	return &scorer{model: m, sums: make([]float32, m.config.Sums), link: make([]float64, m.config.Sums)}
}

type scorer struct {
	model *Linear
	sums  []float32
	link  []float64 // what the transform is applied to
}

// Score implements [batcher.Scorer]. It never fails.
func (s *scorer) Score(rows []float32, dim int, out []float32) error {
	return s.ScoreStrided(rows, dim, dim, out)
}

// ScoreStrided implements [batcher.StridedScorer]. It never fails.
func (s *scorer) ScoreStrided(rows []float32, dim, stride int, out []float32) error {
	n := s.model.shape.Outputs
	for len(out) > 0 {
		s.add(rows[:dim])
		s.answer(out[:n])
		out = out[n:]
		if len(out) > 0 {
			rows = rows[stride:]
		}
	}
	return nil
}

// add computes the sums of a row.
func (s *scorer) add(row []float32) {
	weights := s.model.config.Weights
	copy(s.sums, s.model.config.Start)
	for _, x := range row {
		w := weights[:len(s.sums)]
		weights = weights[len(s.sums):]
		if x != x {
			continue
		}
		for i := range s.sums {
			s.sums[i] += float32(x * w[i])
		}
	}
}

// answer writes what the model answers to out.
func (s *scorer) answer(out []float32) {
	c := &s.model.config
	if c.Output == wire.Raw {
		copy(out, s.sums)
		return
	}
	for i, x := range s.sums {
		s.link[i] = float64(x)
	}
	c.Transform.Apply(s.link)
	if c.Output == wire.Class {
		out[0] = link.Class(s.link)
		return
	}
	for i := range out {
		out[i] = float32(s.link[i])
	}
}
