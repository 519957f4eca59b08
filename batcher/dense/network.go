package dense

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/link"
	"github.com/disrust/disrust/wire"
)

// Network is a model of layers, each applied to what the one before it made. It implements
// [batcher.Model] and [batcher.Explained].
type Network struct {
	stages []Stage
	shape  batcher.Shape
	last   int // values per row after the last layer
	block  int // rows that go through all layers before the next ones
	buffer int // floats in each of two buffers of a scorer
	wide   int // scratch numbers of a scorer
}

// blockFloats bounds a buffer of a scorer: two of them and the weights of a panel stay in the
// nearest caches.
const blockFloats, blockRows = 16384, 64

// New makes a network for rows of dim features. It copies the slices of the layers.
//
// The values after the last layer are the scores (wire.Raw or wire.Prob), or name the class that
// is the score (wire.Class), as [link.Class] does.
func New(dim int, output wire.Kind, layers ...Layer) (*Network, error) {
	if len(layers) == 0 {
		return nil, errors.New("dense: a network has no layer: it must have at least one")
	}
	if output != wire.Raw && output != wire.Prob && output != wire.Class {
		return nil, errors.New("dense: the output must be raw, prob or class")
	}
	m := &Network{}
	width, widest := dim, dim
	for i, l := range layers {
		s, err := NewStage(width, l)
		if err != nil {
			return nil, fmt.Errorf("%w (layer %d, counted from 0)", err, i)
		}
		m.stages = append(m.stages, s)
		m.wide = max(m.wide, s.Scratch())
		_, width = s.Widths()
		widest = max(widest, width)
	}
	m.last = width
	m.shape = batcher.Shape{Dim: dim, Outputs: width, Kind: output}
	if output == wire.Class {
		m.shape.Outputs = 1
		m.wide = max(m.wide, width)
	}
	m.block = min(max(blockFloats/widest, 1), blockRows)
	m.buffer = m.block * widest
	if err := m.shape.Validate(); err != nil {
		return nil, err
	}
	return m, nil
}

// Shape implements [batcher.Model].
func (m *Network) Shape() batcher.Shape { return m.shape }

// Bytes implements [batcher.Sized].
func (m *Network) Bytes() int {
	sum := 0
	for _, s := range m.stages {
		sum += s.Bytes()
	}
	return sum
}

// Kernel implements [batcher.Explained]: it names the instructions of each [Affine]. It is empty if there is none.
func (m *Network) Kernel() string {
	var all []string
	for _, s := range m.stages {
		if a, is := s.(*affine); is && !slices.Contains(all, a.Kernel()) {
			all = append(all, a.Kernel())
		}
	}
	return strings.Join(all, ", ")
}

// NewScorer implements [batcher.Model].
func (m *Network) NewScorer() batcher.Scorer {
	return &networkScorer{
		model: m,
		from:  make([]float32, m.buffer), to: make([]float32, m.buffer),
		scratch: make([]float64, m.wide),
	}
}

type networkScorer struct {
	model    *Network
	from, to []float32
	scratch  []float64
}

// Score implements [batcher.Scorer]. It never fails.
func (s *networkScorer) Score(rows []float32, dim int, out []float32) error {
	return s.ScoreStrided(rows, dim, dim, out)
}

// ScoreStrided implements [batcher.StridedScorer]. It never fails.
func (s *networkScorer) ScoreStrided(rows []float32, dim, stride int, out []float32) error {
	outputs := s.model.shape.Outputs
	for at := 0; len(out) > 0; {
		count := min(s.model.block, len(out)/outputs)
		s.answer(out[:count*outputs], s.run(s.packed(rows[at*stride:], dim, stride, count), count))
		at, out = at+count, out[count*outputs:]
	}
	return nil
}

// packed returns rows without gaps: as they lie, or copied to from.
func (s *networkScorer) packed(rows []float32, dim, stride, count int) []float32 {
	if stride == dim {
		return rows[:count*dim]
	}
	for i := range count {
		copy(s.from[i*dim:(i+1)*dim], rows[i*stride:])
	}
	return s.from[:count*dim]
}

// run applies all layers to some rows, and returns what comes of them.
func (s *networkScorer) run(values []float32, count int) []float32 {
	for _, stage := range s.model.stages {
		_, out := stage.Widths()
		stage.Apply(s.to[:count*out], values, s.scratch)
		values = s.to[:count*out]
		s.from, s.to = s.to, s.from
	}
	return values
}

// answer writes what the model answers. Every NaN has the same bits there: which NaN an
// operation gives is not the same on every processor.
func (s *networkScorer) answer(out, values []float32) {
	if s.model.shape.Kind == wire.Class {
		s.classes(out, values)
		return
	}
	for i, x := range values {
		if x != x {
			x = math.Float32frombits(0x7fc00000)
		}
		out[i] = x
	}
}

func (s *networkScorer) classes(out, values []float32) {
	for i := range out {
		wide := s.scratch[:s.model.last]
		for k, x := range values[i*len(wide) : (i+1)*len(wide)] {
			wide[k] = float64(x)
		}
		out[i] = link.Class(wide)
	}
}
