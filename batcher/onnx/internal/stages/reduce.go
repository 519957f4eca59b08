package stages

import (
	"math"

	"github.com/disrust/disrust/batcher/onnx/internal/pipeline"
)

// Fold is how [Reduce] makes one number of several.
type Fold struct {
	Name  string
	start float64
	term  func(x float64) float64 // what is folded of each number
	step  func(sum, term float64) float64
	end   func(sum float64, count int) float64
}

func given(x float64) float64  { return x }
func square(x float64) float64 { return x * x }
func sum(s, x float64) float64 { return s + x }

func itself(s float64, _ int) float64 { return s }

// Folds. The products of two float32 are exact.
var (
	ReduceSum       = Fold{"sum", 0, given, sum, itself}
	ReduceMean      = Fold{"mean", 0, given, sum, func(s float64, count int) float64 { return s / float64(count) }}
	ReduceMax       = Fold{"maximum", math.Inf(-1), given, func(s, x float64) float64 { return max(s, x) }, itself}
	ReduceMin       = Fold{"minimum", math.Inf(1), given, func(s, x float64) float64 { return min(s, x) }, itself}
	ReduceProd      = Fold{"product", 1, given, func(s, x float64) float64 { return s * x }, itself}
	ReduceSumSquare = Fold{"sum of squares", 0, square, sum, itself}
	ReduceL1        = Fold{"sum of magnitudes", 0, math.Abs, sum, itself}
	ReduceL2        = Fold{"root of the sum of squares", 0, square, sum, func(s float64, _ int) float64 { return math.Sqrt(s) }}
)

// Reduce folds numbers of a row, in their order.
type Reduce struct {
	Fold
	Value  int
	To     []int32 // which number of the result each number of the row belongs to
	Size   int     // of the result
	Single bool    // each term and step is rounded to float32, as onnxruntime does where it adds whole values

	// Whole, if not nil, takes the place of the fold.
	Whole func(numbers []float32, scratch []float64) float32
}

func (r *Reduce) From() []int    { return []int{r.Value} }
func (r *Reduce) Width() int     { return r.Size }
func (r *Reduce) Bytes() int     { return 4 * len(r.To) }
func (r *Reduce) String() string { return r.Name }

// NewRunner implements [pipeline.Stage].
func (r *Reduce) NewRunner() pipeline.Runner {
	if r.Whole != nil {
		return r.whole()
	}
	sums, count := make([]float64, r.Size), len(r.To)/max(r.Size, 1)
	return func(dst []float32, from [][]float32, rows int) error {
		for i := range rows {
			for k := range sums {
				sums[k] = r.start
			}
			for k, x := range from[0][i*len(r.To) : (i+1)*len(r.To)] {
				s := &sums[r.To[k]]
				if r.Single {
					*s = float64(float32(r.step(*s, float64(float32(r.term(float64(x)))))))
				} else {
					*s = r.step(*s, r.term(float64(x)))
				}
			}
			for k, s := range sums {
				dst[i*r.Size+k] = float32(r.end(s, count))
			}
		}
		return nil
	}
}

// whole makes a runner that collects the numbers that belong together.
func (r *Reduce) whole() pipeline.Runner {
	groups := make([][]float32, r.Size)
	for k := range groups {
		groups[k] = make([]float32, 0, len(r.To)/r.Size)
	}
	scratch := make([]float64, len(r.To))
	return func(dst []float32, from [][]float32, rows int) error {
		for i := range rows {
			for k := range groups {
				groups[k] = groups[k][:0]
			}
			for k, x := range from[0][i*len(r.To) : (i+1)*len(r.To)] {
				groups[r.To[k]] = append(groups[r.To[k]], x)
			}
			for k, g := range groups {
				dst[i*r.Size+k] = r.Whole(g, scratch)
			}
		}
		return nil
	}
}

// Arg finds the place of the largest or smallest number along an axis.
type Arg struct {
	Value               int
	Before, Dim, Behind int
	Smallest            bool
	Last                bool // of equals; else the first
}

func (a *Arg) From() []int { return []int{a.Value} }
func (a *Arg) Width() int  { return a.Before * a.Behind }
func (a *Arg) Bytes() int  { return 0 }

func (a *Arg) String() string {
	if a.Smallest {
		return "place of the smallest"
	}
	return "place of the largest"
}

// NewRunner implements [pipeline.Stage].
func (a *Arg) NewRunner() pipeline.Runner {
	size := a.Before * a.Dim * a.Behind
	return func(dst []float32, from [][]float32, rows int) error {
		for i := range rows * a.Before {
			for k := range a.Behind {
				dst[i*a.Behind+k] = float32(a.find(from[0][i*(size/a.Before)+k:]))
			}
		}
		return nil
	}
}

func (a *Arg) find(v []float32) int {
	best := 0
	for j := 1; j < a.Dim; j++ {
		x, y := v[j*a.Behind], v[best*a.Behind]
		if x > y && !a.Smallest || x < y && a.Smallest || x == y && a.Last {
			best = j
		}
	}
	return best
}
