// Package pipeline scores rows with stages that follow one another.
//
// Each stage makes a value, a matrix with one row for each row of the block at hand, from values that
// are there already. Value 0 is the input, and stage i makes value i+1. What a stage does was decided
// when the model was loaded.
package pipeline

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/cost"
	"github.com/disrust/disrust/wire"
)

// Stage makes a value. It does not change once it is made, and all goroutines share it.
type Stage interface {
	From() []int // the values it reads
	Width() int  // columns of the value it makes
	Bytes() int  // of memory, without runners
	NewRunner() Runner
	String() string // what it does, in some words
}

// Runner makes the value of a stage for one goroutine: rows rows of dst, which are packed. from are
// the values that the stage reads, packed as well.
type Runner func(dst []float32, from [][]float32, rows int) error

// Config is what a [Model] is made of.
type Config struct {
	Dim     int
	Stages  []Stage
	Outputs []int     // the values that the model answers, side by side
	Kind    wire.Kind // what they are

	// Sampler, if not nil, is a stage's model that reads the input. It draws the rows that the
	// model is measured with.
	Sampler batcher.Sampler
}

// Model implements [batcher.Model], [batcher.Sized], [batcher.Sampler] and
// [batcher.Explained].
type Model struct {
	config Config
	widths []int // of the values
	rows   int   // of a block
	shape  batcher.Shape
}

// MaxNumbers is how many numbers all values of a row may have together.
const MaxNumbers = 1 << 20

const (
	blockRows   = 256
	blockFloats = 4 << 20 // of all values of a block, if a single row has fewer
)

// New makes a model.
func New(c Config) (*Model, error) {
	m := &Model{config: c, widths: []int{c.Dim}}
	total := c.Dim
	for _, s := range c.Stages {
		m.widths = append(m.widths, s.Width())
		total += s.Width()
		if total > MaxNumbers {
			return nil, fmt.Errorf("the values of a row have more than %d numbers together", MaxNumbers)
		}
	}
	m.rows = max(1, min(blockRows, blockFloats/total))
	m.shape = batcher.Shape{Dim: c.Dim, Kind: c.Kind}
	for _, v := range c.Outputs {
		m.shape.Outputs += m.widths[v]
	}
	return m, m.shape.Validate()
}

// Shape implements [batcher.Model].
func (m *Model) Shape() batcher.Shape { return m.shape }

// Bytes implements [batcher.Sized].
func (m *Model) Bytes() int {
	total := 0
	for _, s := range m.config.Stages {
		total += s.Bytes()
	}
	return total
}

// Kernel implements [batcher.Explained]: what the stages that have several ways say.
func (m *Model) Kernel() string {
	var all []string
	for _, s := range m.config.Stages {
		e, says := s.(interface{ Kernel() string })
		if says && e.Kernel() != "" && !slices.Contains(all, e.Kernel()) {
			all = append(all, e.Kernel())
		}
	}
	if len(all) > maxSaid {
		all = append(all[:maxSaid], "and others")
	}
	return strings.Join(all, "; ")
}

// maxSaid is how many ways Kernel tells.
const maxSaid = 4

// Sample implements [batcher.Sampler].
func (m *Model) Sample(rows []float32, dim int, random *rand.Rand) {
	if s := m.config.Sampler; s != nil && s.Shape().Dim == dim {
		s.Sample(rows, dim, random)
		return
	}
	cost.Draw(batcher.ModelFunc(nil), rows, dim, random)
}

// NewScorer implements [batcher.Model].
func (m *Model) NewScorer() batcher.Scorer {
	s := &scorer{model: m, values: make([][]float32, len(m.widths))}
	for i, w := range m.widths {
		s.values[i] = make([]float32, m.rows*w)
	}
	for _, stage := range m.config.Stages {
		step := step{run: stage.NewRunner()}
		for _, v := range stage.From() {
			step.from = append(step.from, s.values[v])
		}
		s.steps = append(s.steps, step)
	}
	return s
}

type scorer struct {
	model  *Model
	values [][]float32
	steps  []step
}

type step struct {
	run  Runner
	from [][]float32
}

// Score implements [batcher.Scorer].
func (s *scorer) Score(rows []float32, dim int, out []float32) error {
	return s.ScoreStrided(rows, dim, dim, out)
}

// ScoreStrided implements [batcher.StridedScorer]. It fails if dim is not the model's.
func (s *scorer) ScoreStrided(rows []float32, dim, stride int, out []float32) error {
	m := s.model
	if dim != m.shape.Dim {
		return fmt.Errorf("onnx: rows of %d features: the model has %d", dim, m.shape.Dim)
	}
	for left := len(out) / m.shape.Outputs; left > 0; {
		count := min(left, m.rows)
		for i := range count {
			copy(s.values[0][i*dim:(i+1)*dim], rows[i*stride:])
		}
		for i, step := range s.steps {
			if err := step.run(s.values[i+1], step.from, count); err != nil {
				return err
			}
		}
		s.answer(out[:count*m.shape.Outputs])
		if left -= count; left > 0 {
			rows, out = rows[count*stride:], out[count*m.shape.Outputs:]
		}
	}
	return nil
}

// answer writes the outputs side by side. Every NaN has the same bits there: which NaN an operation
// gives is not the same on every processor.
func (s *scorer) answer(out []float32) {
	first := 0
	for _, v := range s.model.config.Outputs {
		w := s.model.widths[v]
		for i := 0; i*s.model.shape.Outputs < len(out); i++ {
			to := out[i*s.model.shape.Outputs+first:][:w]
			for k, x := range s.values[v][i*w : (i+1)*w] {
				if x != x {
					x = math.Float32frombits(0x7fc00000)
				}
				to[k] = x
			}
		}
		first += w
	}
}
