package ensemble

import "github.com/disrust/disrust/batcher"

// Model is a compiled ensemble. It implements [batcher.Model].
type Model struct {
	config Config
	trees  []Tree
}

// Shape implements [batcher.Model].
func (m *Model) Shape() batcher.Shape { return m.config.shape() }

// NewScorer implements [batcher.Model].
func (m *Model) NewScorer() batcher.Scorer {
	return &scorer{model: m, sums: make([]float64, m.config.Groups)}
}
