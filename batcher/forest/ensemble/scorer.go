package ensemble

import (
	"github.com/disrust/disrust/batcher/link"
	"github.com/disrust/disrust/wire"
)

type scorer struct {
	model *Model
	sums  []float64
}

// Score implements [batcher.Scorer]. It never fails.
func (s *scorer) Score(rows []float32, dim int, out []float32) error {
	return s.ScoreStrided(rows, dim, dim, out)
}

// ScoreStrided implements [batcher.StridedScorer]. It never fails.
func (s *scorer) ScoreStrided(rows []float32, dim, stride int, out []float32) error {
	outputs := s.model.Shape().Outputs
	for i := range len(out) / outputs {
		s.row(rows[i*stride:i*stride+dim], out[i*outputs:(i+1)*outputs])
	}
	return nil
}

func (s *scorer) row(x, out []float32) {
	c := &s.model.config
	single := make([]float32, c.Groups)
	clear(s.sums)
	copy(single, c.Base)
	for i := range s.model.trees {
		t := &s.model.trees[i]
		v := walk(c, t, x)
		s.sums[t.Group] += v
		single[t.Group] += float32(v)
	}
	if c.Sum == Single {
		for i, v := range single {
			s.sums[i] = float64(v)
		}
	}
	if c.Output != wire.Raw {
		for i := range s.sums {
			if c.Divisor != 0 {
				s.sums[i] /= c.Divisor
			}
		}
		c.Transform.Apply(s.sums)
		if c.Output == wire.Class {
			out[0] = link.Class(s.sums)
			return
		}
	}
	for i := range out {
		out[i] = float32(s.sums[i])
	}
}
