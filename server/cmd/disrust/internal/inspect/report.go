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
	Stages         []string         `json:"stages"` // of the graph in the file, in the order in which a row passes; empty: it has none
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
	Column int    `json:"column"` // of a row, from 0 on
	Name   string `json:"name,omitempty"`
	*Use
	Weights []command.Number `json:"weights,omitempty"`
}

// Use says how the trees use a feature. Its fields are those of the feature in JSON, and absent if
// that is not known of the format.
type Use struct {
	Splits      int             `json:"splits"`
	Categorical int             `json:"categorical_splits"`
	Gain        *command.Number `json:"gain,omitempty"` // absent if the file has no gains
	Missing     []string        `json:"missing"`        // the rules of the splits
}

func newReport(m *forest.Model) *report {
	a := &m.About
	r := &report{
		Format: a.Format, Objective: a.Objective, SHA256: hex.EncodeToString(m.SHA256[:]), Parameters: []parameter{},
		Stages: append([]string{}, a.Stages...), Iterations: a.Iterations, UsedIterations: a.Used, BestIterations: a.Best, Trees: a.Trees, Leaves: a.Leaves,
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
	gains := slices.ContainsFunc(m.About.Usage, func(u modelfile.Usage) bool { return u.Gain != 0 })
	for i := range all {
		f := &feature{Column: i}
		if i < len(m.About.Features) {
			f.Name = m.About.Features[i]
		}
		if i < len(m.About.Usage) {
			f.Use = newUse(m.About.Usage[i], gains)
		}
		if linear := m.Linear(); linear != nil {
			f.Weights = weights(linear, i)
			f.Use = newUse(modelfile.Usage{}, false)
		}
		all[i] = f
	}
	return all
}

func newUse(of modelfile.Usage, gains bool) *Use {
	u := &Use{Splits: of.Splits, Categorical: of.Categorical, Missing: []string{}}
	if gains {
		gain := command.Number(of.Gain)
		u.Gain = &gain
	}
	for rule, text := range rules {
		if of.Missing>>rule&1 == 1 {
			u.Missing = append(u.Missing, text)
		}
	}
	return u
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

// order sorts the features. What is not known of any of them does not sort them.
func (r *report) order(compare func(a, b *feature) int) { slices.SortStableFunc(r.Features, compare) }

func byColumn(a, b *feature) int { return a.Column - b.Column }

func bySplits(a, b *feature) int {
	if a.Use == nil {
		return 0
	}
	return b.Splits - a.Splits
}

func byGain(a, b *feature) int {
	if a.Use == nil || a.Gain == nil {
		return 0
	}
	return cmp.Compare(*b.Gain, *a.Gain)
}
