package inspect

import (
	"cmp"
	"encoding/hex"
	"slices"

	"github.com/disrust/disrust/batcher/dense"
	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/server/cmd/disrust/internal/command"
)

// report is what inspect says, as JSON has it.
type report struct {
	Name       string      `json:"name"`
	File       string      `json:"file"`
	Format     string      `json:"format"`
	Objective  string      `json:"objective"`
	SHA256     string      `json:"sha256"`
	Parameters []parameter `json:"parameters"` // in the file's order

	Iterations     int              `json:"iterations"`
	UsedIterations int              `json:"used_iterations"`
	BestIterations int              `json:"best_iterations"` // 0: the file does not say
	Trees          int              `json:"trees"`
	Leaves         int              `json:"leaves"`
	TreesByDepth   []bin            `json:"trees_by_depth"`
	TreesByLeaves  []bin            `json:"trees_by_leaves"`
	Categories     string           `json:"category_rule,omitempty"` // if a split is by category
	Starts         []command.Number `json:"starts,omitempty"`        // of a linear model: where each sum starts
	Features       []*feature       `json:"features"`
}

type parameter struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// bin counts the trees of which something is between low and high.
type bin struct {
	Low   int `json:"low"`
	High  int `json:"high"`
	Trees int `json:"trees"`
}

// feature is one feature, as the trees that count use it.
type feature struct {
	Column      int              `json:"column"` // of a row, from 0 on
	Name        string           `json:"name,omitempty"`
	Splits      int              `json:"splits"`
	Categorical int              `json:"categorical_splits"`
	Gain        command.Number   `json:"gain"`
	Missing     []string         `json:"missing"` // the rules of the splits
	Weights     []command.Number `json:"weights,omitempty"`
}

func newReport(m *forest.Model) *report {
	a := &m.About
	r := &report{
		Format: a.Format, Objective: a.Objective, SHA256: hex.EncodeToString(m.SHA256[:]), Parameters: []parameter{},
		Iterations: a.Iterations, UsedIterations: a.Used, BestIterations: a.Best, Trees: a.Trees, Leaves: a.Leaves,
		Features: features(m),
	}
	for _, p := range a.Parameters {
		r.Parameters = append(r.Parameters, parameter(p))
	}
	leaves, depths := make([]int, a.Trees), make([]int, a.Trees)
	for i := range a.Trees {
		leaves[i], depths[i] = m.TreeSize(i)
	}
	r.TreesByDepth, r.TreesByLeaves = bins(depths), bins(leaves)
	if slices.ContainsFunc(a.Usage, func(u modelfile.Usage) bool { return u.Categorical > 0 }) {
		r.Categories = a.Categories
	}
	if linear := m.Linear(); linear != nil {
		r.Starts = numbers(linear.Start())
	}
	return r
}

// features returns what the file says of each column of a row.
func features(m *forest.Model) []*feature {
	all := make([]*feature, m.Shape().Dim)
	for i := range all {
		f := &feature{Column: i, Missing: []string{}}
		if i < len(m.About.Features) {
			f.Name = m.About.Features[i]
		}
		if i < len(m.About.Usage) {
			f.use(m.About.Usage[i])
		}
		if linear := m.Linear(); linear != nil {
			f.Weights = weights(linear, i)
		}
		all[i] = f
	}
	return all
}

func (f *feature) use(u modelfile.Usage) {
	f.Splits, f.Categorical, f.Gain = u.Splits, u.Categorical, command.Number(u.Gain)
	for rule, text := range rules {
		if u.Missing>>rule&1 == 1 {
			f.Missing = append(f.Missing, text)
		}
	}
}

// rules are those for missing values.
var rules = [...]string{
	ensemble.NaNRight:  "NaN right",
	ensemble.NaNLeft:   "NaN left",
	ensemble.NaNZero:   "NaN as 0",
	ensemble.ZeroRight: "NaN and 0 right",
	ensemble.ZeroLeft:  "NaN and 0 left",
}

func weights(linear *dense.Linear, feature int) []command.Number {
	all := make([]command.Number, len(linear.Start()))
	for sum := range all {
		all[sum] = command.Number(linear.Weight(feature, sum))
	}
	return all
}

func numbers(from []float32) []command.Number {
	all := make([]command.Number, len(from))
	for i, x := range from {
		all[i] = command.Number(x)
	}
	return all
}

// order sorts the features.
func (r *report) order(compare func(a, b *feature) int) { slices.SortStableFunc(r.Features, compare) }

func byColumn(a, b *feature) int { return a.Column - b.Column }
func bySplits(a, b *feature) int { return b.Splits - a.Splits }
func byGain(a, b *feature) int   { return cmp.Compare(b.Gain, a.Gain) }
