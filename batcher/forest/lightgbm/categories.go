package lightgbm

import (
	"fmt"
	"math"

	"github.com/disrust/disrust/batcher/forest/ensemble"
)

const categoryRule = "A number's whole part is its category. A category that the split lists goes left; " +
	"any other, -1 and less and NaN go right."

// set gives a categorical node its categories.
func (r *treeReader) set(i int, n *ensemble.Node) error {
	k := r.thresholds[i]
	if len(r.boundaries) < 2 {
		return fmt.Errorf("decision_type %d is a categorical split: num_cat=0 says that there is none", r.decisions[i])
	}
	if k < 0 || k >= float64(len(r.boundaries)-1) || k != math.Trunc(k) {
		return fmt.Errorf("threshold %v names no categorical split: num_cat=%d", k, len(r.boundaries)-1)
	}
	n.Set = r.sets[r.boundaries[int(k)]:r.boundaries[int(k)+1]]
	return nil
}

// categories parses the sets of categorical splits.
func (r *treeReader) categories() error {
	r.boundaries, r.sets = r.boundaries[:0], r.sets[:0]
	n, err := r.count(numCat, 0, math.MaxInt32)
	if err != nil || n == 0 {
		return err
	}
	if n > r.leaves-1 {
		return fmt.Errorf("num_cat=%d: the tree has %d splits", n, r.leaves-1)
	}
	if r.boundaries, err = r.wholes(catBoundaries, r.boundaries, n+1, 0, math.MaxInt32); err != nil {
		return err
	}
	r.sets, err = wholes(r.sets, r.values[catThreshold], math.MaxInt32-1, 0, math.MaxUint32)
	if err != nil {
		return fmt.Errorf("cat_threshold, %w", err)
	}
	if r.boundaries[0] != 0 {
		return fmt.Errorf("cat_boundaries begins with %d: it must begin with 0", r.boundaries[0])
	}
	for i := range n {
		if b := r.boundaries[i+1]; b < r.boundaries[i] {
			return fmt.Errorf("cat_boundaries goes down from %d to %d", r.boundaries[i], b)
		}
	}
	if b := r.boundaries[n]; int(b) != len(r.sets) {
		return fmt.Errorf("cat_boundaries ends with %d: cat_threshold has %d numbers", b, len(r.sets))
	}
	return nil
}
