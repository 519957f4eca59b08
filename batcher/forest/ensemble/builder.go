package ensemble

import (
	"fmt"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/wire"
)

// Builder collects the trees of a model.
type Builder struct {
	config Config
	trees  []Tree
}

// NewBuilder returns a builder without trees. It fails if a server cannot serve a model of
// this shape.
func NewBuilder(c Config) (*Builder, error) {
	b := &Builder{config: c}
	if c.Dim < 1 {
		return nil, fmt.Errorf("a model of %d features: 1 to %d is allowed", c.Dim, wire.MaxDim)
	}
	return b, b.config.shape().Validate()
}

// Add adds the next tree. A tree that is wrong is a *[Fault].
func (b *Builder) Add(t *Tree) error {
	kept := *t
	kept.Nodes = append([]Node(nil), t.Nodes...)
	kept.Leaves = append([]float64(nil), t.Leaves...)
	kept.Linear = append([]Linear(nil), t.Linear...)
	b.trees = append(b.trees, kept)
	return nil
}

// Build compiles the trees. The builder must not be used afterwards.
func (b *Builder) Build() (*Model, error) {
	return &Model{config: b.config, trees: b.trees}, nil
}

func (c *Config) shape() batcher.Shape {
	s := batcher.Shape{Dim: c.Dim, Outputs: c.Groups, Kind: c.Output}
	switch c.Output {
	case wire.Prob:
		s.Outputs = c.Transform.Outputs(c.Groups)
	case wire.Class:
		s.Outputs = 1
	}
	return s
}
