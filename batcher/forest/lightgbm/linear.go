package lightgbm

import (
	"fmt"
	"math"

	"github.com/disrust/disrust/batcher/forest/ensemble"
)

// linearLeaves parses the functions of linear leaves.
func (r *treeReader) linearLeaves() (err error) {
	if r.constants, err = r.decimals(leafConst, r.constants, r.leaves); err != nil {
		return fmt.Errorf("is_linear=1: %w", err)
	}
	if r.counts, err = r.wholes(numFeatures, r.counts, r.leaves, 0, math.MaxInt32); err != nil {
		return fmt.Errorf("is_linear=1: %w", err)
	}
	total := 0
	for _, n := range r.counts {
		if total += int(n); total > len(r.values[leafFeatures]) {
			break // more than the list can have
		}
	}
	r.terms, err = wholes(r.terms, r.values[leafFeatures], total, 0, int64(r.dim-1))
	if err := r.linearList(leafFeatures, len(r.terms), total, err); err != nil {
		return err
	}
	r.coeffs, err = decimals(r.coeffs, r.values[leafCoeff], total)
	if err := r.linearList(leafCoeff, len(r.coeffs), total, err); err != nil {
		return err
	}
	r.allTerms, r.linear = r.allTerms[:0], r.linear[:0]
	for i, f := range r.terms {
		r.allTerms = append(r.allTerms, ensemble.Term{Feature: int(f), Coeff: r.coeffs[i]})
	}
	from := 0
	for i, n := range r.counts {
		r.linear = append(r.linear, ensemble.Linear{Const: r.constants[i], Terms: r.allTerms[from : from+int(n)]})
		from += int(n)
	}
	r.tree.Linear = r.linear
	return nil
}

func (r *treeReader) linearList(key, got, count int, err error) error {
	if err == nil && got != count {
		err = fmt.Errorf("%d numbers or more, but num_features adds up to %d", got, count)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", treeKeys[key], err)
	}
	return nil
}
