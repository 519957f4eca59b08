package ensemble

import (
	"github.com/disrust/disrust/batcher/kernel"
	"github.com/disrust/disrust/batcher/link"
	"github.com/disrust/disrust/wire"
)

// Config is what a [Builder] must know before the first tree.
type Config struct {
	Dim    int // features per row
	Groups int // sums per row; each tree adds to one of them

	// Sum says how a row's leaves are added. They are added in the order of the trees.
	Sum Precision

	// Base holds the value that each group's sum starts at; nil: 0. Double sums start at 0.
	Base []float32

	// Scale and Bias, one for each group, make Scale times the sum plus Bias of each sum, rounded
	// twice, before anything else is made of it. Double sums only; nil: the sums are as they are.
	Scale float64
	Bias  []float64

	// SnapZero replaces a feature x with |x| <= [Tiny] by 0 before anything looks at it, as
	// LightGBM's C API does.
	SnapZero bool

	// Output is what the model answers: the sums (wire.Raw), what Transform makes of them
	// (wire.Prob), or the class that this names (wire.Class): the index of the largest, the
	// first of equals; with one group 1 if it is above 0.5, else 0.
	Output wire.Kind

	// Transform is applied to the sums divided by Divisor; wire.Raw does neither. A function
	// that computes in float32 needs Single sums.
	Transform link.Transform
	Divisor   float64 // iterations of a random forest; 0: nothing is divided

	// Kernel says with which instructions rows are scored. It changes no bit.
	Kernel kernel.Kind

	// Record, if not nil, gets what the model is built from.
	Record *Record

	forced *forced // nil but in tests
}

// Precision is how a row's sums are computed.
type Precision uint8

const (
	Double Precision = iota // float64 leaves, float64 sums, rounded to float32 at the end
	Single                  // float32 leaves, each addition rounded to float32
)

// Tiny is the magnitude up to which LightGBM takes a feature for zero: the float32 nearest to
// 1e-35.
const Tiny float32 = 1e-35
