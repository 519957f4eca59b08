package catmodel

import (
	"errors"
	"fmt"
	"slices"

	"github.com/disrust/disrust/batcher/forest/ensemble"
)

// column is a column of the rows, as the trees look at it.
type column struct {
	index   int // of the feature in the file
	missing ensemble.Missing
}

const leftOut = ": drop_unused_features and old versions of CatBoost leave out features, and then the columns are not known"

// columns returns, for each feature of numbers by its number, what the trees see of it, and checks
// that the features are the columns.
func (m *Model) columns() ([]column, error) {
	if len(m.Features) == 0 {
		return nil, errors.New("the model has no features of numbers")
	}
	columns, flat := make([]column, len(m.Features)), make([]bool, len(m.Features))
	for i := range columns {
		columns[i].index = -1
	}
	for i, one := range m.Features {
		switch {
		case one.Index < 0 || int(one.Index) >= len(columns) || columns[one.Index].index >= 0:
			return nil, fmt.Errorf("the index %d of feature %d: each of 0 to %d once is expected%s", one.Index, i, len(columns)-1, leftOut)
		case one.Flat < 0 || int(one.Flat) >= len(columns) || flat[one.Flat]:
			return nil, fmt.Errorf("the flat index %d of feature %d: each of 0 to %d once is expected, as all features are numbers", one.Flat, i, len(columns)-1)
		}
		flat[one.Flat] = true
		columns[one.Index] = column{int(one.Flat), one.Missing}
	}
	return columns, nil
}

// names returns the features' names in the order of the columns, or nil if they have none.
func (m *Model) names(columns []column) []string {
	names := make([]string, len(columns))
	for _, one := range m.Features {
		names[one.Flat] = one.Name
	}
	if !slices.ContainsFunc(names, func(name string) bool { return name != "" }) {
		return nil
	}
	return names
}

// outputs returns how many sums a row has, and the bias of each.
func (m *Model) outputs() (int, []float64, error) {
	bias := m.Bias
	if len(bias) == 0 {
		return 0, nil, errors.New("a scale and a bias for each output are expected")
	}
	if !finite(m.Scale) || slices.ContainsFunc(bias, func(x float64) bool { return !finite(x) }) {
		return 0, nil, errors.New("scale or bias is NaN or infinite: such a model has diverged")
	}
	outputs := len(bias)
	if len(m.Trees) > 0 && outputs == 1 { // before 1.0 there was one bias for all outputs
		outputs = max(1, m.Trees[0].outputs())
		if outputs > 1 && bias[0] != 0 {
			return 0, nil, fmt.Errorf("one bias for %d outputs", outputs)
		}
		bias = slices.Repeat(bias, outputs)
	}
	return outputs, bias, nil
}

func finite(x float64) bool { return x-x == 0 }
