package catboost

import (
	"fmt"
	"slices"

	"github.com/disrust/disrust/batcher/forest/ensemble"
)

// column is a column of the rows, as the trees look at it.
type column struct {
	index   int // of the feature in the file
	missing ensemble.Missing
}

// treatments say where rows go whose feature is NaN. A row goes right if the feature is above the
// border: AsIs and AsFalse are never above, AsTrue always.
var treatments = map[string]ensemble.Missing{
	"": ensemble.NaNLeft, "AsIs": ensemble.NaNLeft, "AsFalse": ensemble.NaNLeft, "AsTrue": ensemble.NaNRight,
}

// columns returns, for each feature of numbers by its number, what the trees see of it, and checks
// that the features are the columns.
func (f *file) columns() ([]column, error) {
	if len(f.floats) == 0 {
		return nil, fmt.Errorf("features_info: float_features is empty")
	}
	columns, flat := make([]column, len(f.floats)), make([]bool, len(f.floats))
	for i := range columns {
		columns[i].index = -1
	}
	for i, one := range f.floats {
		missing, known := treatments[one.treatment]
		switch {
		case !known:
			return nil, fmt.Errorf("features_info: nan_value_treatment %s of feature %d: AsIs, AsFalse and AsTrue are supported", quote(one.treatment), i)
		case one.index < 0 || int(one.index) >= len(columns) || columns[one.index].index >= 0:
			return nil, fmt.Errorf("features_info: feature_index %d of feature %d: each of 0 to %d once is expected", one.index, i, len(columns)-1)
		case one.flat < 0 || int(one.flat) >= len(columns) || flat[one.flat]:
			return nil, fmt.Errorf("features_info: flat_feature_index %d of feature %d: each of 0 to %d once is expected, as all features are numbers", one.flat, i, len(columns)-1)
		}
		flat[one.flat] = true
		columns[one.index] = column{int(one.flat), missing}
	}
	return columns, nil
}

// names returns the features' names in the order of the columns, or nil if they have none.
func (f *file) names(columns []column) []string {
	names := make([]string, len(columns))
	for _, one := range f.floats {
		names[one.flat] = one.name
	}
	if !slices.ContainsFunc(names, func(name string) bool { return name != "" }) {
		return nil
	}
	return names
}

// outputs returns how many sums a row has, and the bias of each.
func (f *file) outputs() (int, []float64, error) {
	bias := f.bias
	if len(bias) == 0 {
		return 0, nil, fmt.Errorf("scale_and_bias: a scale and a bias for each output are expected")
	}
	if !finite(f.scale) || slices.ContainsFunc(bias, func(x float64) bool { return !finite(x) }) {
		return 0, nil, fmt.Errorf("scale_and_bias: NaN or infinity: such a model has diverged")
	}
	outputs := len(bias)
	if len(f.trees) > 0 && outputs == 1 { // before 1.0 there was one bias for all outputs
		outputs = max(1, f.trees[0].outputs())
		if outputs > 1 && bias[0] != 0 {
			return 0, nil, fmt.Errorf("scale_and_bias: one bias for %d outputs", outputs)
		}
		bias = slices.Repeat(bias, outputs)
	}
	return outputs, bias, nil
}

func finite(x float64) bool { return x-x == 0 }
