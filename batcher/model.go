package batcher

import (
	"fmt"
	"math/rand/v2"

	"github.com/disrust/disrust/wire"
)

// Model is what a server serves: something that scores rows. It does not change once it is
// made, and all threads share it. What a thread needs for itself is in its Scorer.
type Model interface {
	// Shape says what the model takes and gives. It always returns the same.
	Shape() Shape

	// NewScorer returns what one goroutine scores with. It may hold scratch memory of that
	// goroutine, and refers to the model for everything else. Several goroutines may call
	// NewScorer at once. A model that needs no scratch memory can return itself.
	NewScorer() Scorer
}

// Scorer scores rows for one goroutine.
type Scorer interface {
	// Score writes Shape.Outputs scores per row to out, row after row. rows is one packed
	// matrix of len(out)/Outputs rows with dim features each, bit for bit as the client sent
	// them: NaN and infinities are valid. The scorer must neither keep nor write to rows. If it
	// returns an error or panics, the requests of this call fail, as package batcher's contract
	// says.
	Score(rows []float32, dim int, out []float32) error
}

// Sized is a [Model] that knows how much memory it takes.
type Sized interface {
	Model
	Bytes() int // without its scorers
}

// Sampler is a [Model] that can draw rows on which it does the work that it does in use. A server
// measures the model with them.
type Sampler interface {
	Model
	// Sample fills rows, a packed matrix of dim features per row. The same random numbers give
	// the same rows.
	Sample(rows []float32, dim int, random *rand.Rand)
}

// Explained is a [Model] that says in a few words how it scores: with which instructions, and how many
// rows at once. For people.
type Explained interface {
	Model
	Kernel() string
}

// Shape says what a model takes and gives.
type Shape struct {
	Dim     int       // features per row; 0: any number
	Outputs int       // scores per row, at least 1
	Kind    wire.Kind // what the scores mean, for clients
}

// Validate reports whether a model may have this shape.
func (s Shape) Validate() error {
	if s.Dim < 0 || s.Dim > wire.MaxDim {
		return fmt.Errorf("batcher: a model of dim %d: 0 to %d is allowed", s.Dim, wire.MaxDim)
	}
	if s.Outputs < 1 || s.Outputs > wire.MaxOutputs {
		return fmt.Errorf("batcher: a model with %d outputs: 1 to %d is allowed", s.Outputs, wire.MaxOutputs)
	}
	return nil
}

// ModelFunc is a function used as a [Model] with one output, for rows of any dim. Several
// goroutines call it at once.
type ModelFunc func(rows []float32, dim int, out []float32) error

// Shape implements [Model].
func (f ModelFunc) Shape() Shape { return Shape{Outputs: 1} }

// NewScorer implements [Model]. It returns f.
func (f ModelFunc) NewScorer() Scorer { return f }

// Score implements [Scorer]. It calls f.
func (f ModelFunc) Score(rows []float32, dim int, out []float32) error { return f(rows, dim, out) }
