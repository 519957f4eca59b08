// Package modelfile holds what the loaders of all formats are asked and what they answer.
package modelfile

import (
	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/kernel"
	"github.com/disrust/disrust/wire"
)

// Options are what a user may ask of a loader. The zero value asks for what the library's
// usual call gives.
type Options struct {
	Output     wire.Kind // Raw, Prob or Class; Unstated: Prob
	Iterations int       // how many of the file's iterations count: AllIterations, BestIteration or a number

	// Kernel says with which instructions rows are scored. It changes no bit.
	Kernel kernel.Kind

	// Record, if not nil, gets the trees that count. It stays as it is if the model has none, or is a
	// graph.
	Record *ensemble.Record
}

// Iterations that are no number.
const (
	AllIterations = 0  // each of the file
	BestIteration = -1 // up to the best one, which must be in the file
)

// Model is what a loader answers.
type Model struct {
	batcher.Model
	About About
}

// About is what a file says beyond the scores. Nothing here is needed to score.
type About struct {
	Format     string // such as "LightGBM text v4"
	Objective  string // as the file names it; "" if it does not
	Iterations int    // in the file; 0: it has none
	Used       int    // iterations that count
	Best       int    // iterations up to the best one; 0 if the file does not say
	Trees      int    // that count
	Leaves     int    // of those trees

	// Stages says what the graph became, stage by stage, in the order in which a row passes; nil
	// for formats without a graph.
	Stages []string

	// Answers says, for each of Kinds, which call of the library the answers equal.
	Answers []Answer
	NoBest  string // why BestIteration is refused; "": it is not

	Classes    []string    // names of the classes by their index; nil: the file has none, or no classes
	Categories string      // where rows go at a categorical split
	Features   []string    // names in the order of the columns; nil if the file has none
	Parameters []Parameter // of the training, in the file's order
	Usage      []Usage     // of each feature by the splits that count; nil if it is not known
}

// Parameter is a name and a value as the file has them.
type Parameter struct{ Name, Value string }

// Usage says how the trees use a feature.
type Usage struct {
	Splits      int
	Categorical int     // of the splits
	Gainless    int     // of the splits of LightGBM: those without a gain above 0, which its own count leaves out
	Gain        float64 // sum over the splits, as the training library counted it
	Missing     uint8   // bit r is set if a split has the rule ensemble.Missing(r)
}
