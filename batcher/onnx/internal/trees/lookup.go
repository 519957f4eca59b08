package trees

import (
	"fmt"

	"github.com/disrust/disrust/batcher/onnx/internal/pipeline"
	"github.com/disrust/disrust/wire"
)

// lookup takes the number of a row's leaf in each tree, and collects the leaves' weights. Behind the
// columns of the targets come as many that say whether the row has a weight for the target: 1 or 0.
type lookup struct {
	numbers   []int // values: of the trees, at most as many columns each as a model may have
	targets   int
	aggregate Aggregate
	first     []int // of each tree: its leaf 0 in leaves
	leaves    []Leaf
	weights   []Weight
}

func newLookup(e *Ensemble, numbers []int) *lookup {
	l := &lookup{numbers: numbers, targets: e.Targets, aggregate: e.Aggregate, weights: e.Weights}
	for i := range e.Trees {
		l.first = append(l.first, len(l.leaves))
		l.leaves = append(l.leaves, e.Trees[i].Leaves...)
	}
	return l
}

func (l *lookup) String() string { return fmt.Sprintf("weights of %d leaves", len(l.leaves)) }

func (l *lookup) From() []int { return l.numbers }
func (l *lookup) Width() int  { return 2 * l.targets }
func (l *lookup) Bytes() int  { return 8*len(l.first) + 16*len(l.leaves) + 16*len(l.weights) }

func (l *lookup) NewRunner() pipeline.Runner {
	return func(dst []float32, from [][]float32, rows int) error {
		clear(dst[:rows*l.Width()])
		first := 0
		for _, numbers := range from {
			columns := min(wire.MaxOutputs, len(l.first)-first)
			for i := range rows {
				out := dst[i*l.Width() : (i+1)*l.Width()]
				for j, leaf := range numbers[i*columns : (i+1)*columns] {
					l.add(out, l.leaves[l.first[first+j]+int(leaf)])
				}
			}
			first += columns
		}
		return nil
	}
}

// add collects the weights of a leaf.
func (l *lookup) add(out []float32, leaf Leaf) {
	has := out[l.targets:]
	for _, w := range l.weights[leaf.First:leaf.End] {
		switch {
		case l.aggregate == Sum || l.aggregate == Average:
			out[w.Target] += w.Value
		case has[w.Target] == 0, l.aggregate == Min && w.Value < out[w.Target], l.aggregate == Max && w.Value > out[w.Target]:
			out[w.Target] = w.Value
		}
		has[w.Target] = 1
	}
}
