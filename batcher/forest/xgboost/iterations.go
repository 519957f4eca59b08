package xgboost

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/disrust/disrust/batcher/forest/modelfile"
)

// iterationEnds returns for each iteration the tree after its last one. It returns nil if the
// file does not say how many trees an iteration has: before XGBoost 1.4.
func (f *file) iterationEnds(outputs int) ([]int32, error) {
	m := f.model
	if m.iterations != nil {
		for i, tree := range m.iterations {
			if i == 0 && tree != 0 || i > 0 && tree < m.iterations[i-1] {
				return nil, fmt.Errorf("iteration_indptr: element %d is %d: ascending numbers from 0 are expected", i, tree)
			}
		}
		if last := len(m.iterations) - 1; last < 0 || int(m.iterations[last]) != len(m.trees) {
			return nil, fmt.Errorf("iteration_indptr does not end at the number of trees, %d", len(m.trees))
		}
		return m.iterations[1:], nil
	}
	if m.numParallelTree == "" {
		return nil, nil
	}
	parallel, err := number("num_parallel_tree", m.numParallelTree, 0, 1<<30)
	if err != nil {
		return nil, err
	}
	size := max(parallel, 1) * outputs
	if len(m.trees)%size != 0 {
		return nil, fmt.Errorf("trees has %d elements, no multiple of the %d of an iteration", len(m.trees), size)
	}
	ends := make([]int32, len(m.trees)/size)
	for i := range ends {
		ends[i] = int32((i + 1) * size)
	}
	return ends, nil
}

// best returns how many iterations there are up to the best one, or 0 if the file does not say.
func (f *file) best() int {
	n, err := strconv.Atoi(f.bestIteration)
	if err != nil || n < 0 || n >= 1<<30 {
		return 0
	}
	return n + 1
}

// used returns how many iterations count.
func used(o modelfile.Options, about *modelfile.About, unknown bool) (int, error) {
	wanted := o.Iterations
	switch {
	case wanted == modelfile.AllIterations:
		return about.Iterations, nil
	case unknown:
		return 0, errors.New("the file does not say how many trees an iteration has (num_parallel_tree), so only all iterations can be used; XGBoost 1.6 or newer writes it")
	case wanted == modelfile.BestIteration && about.Best == 0:
		return 0, errors.New("attributes has no best_iteration that is a number")
	case wanted == modelfile.BestIteration:
		wanted = about.Best
	}
	if wanted < 1 || wanted > about.Iterations {
		return 0, fmt.Errorf("iteration %d is asked for, but the file has %d", wanted, about.Iterations)
	}
	return wanted, nil
}
