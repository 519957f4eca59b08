// Package inspect is the command that shows what the file of a model holds: features, parameters,
// splits and the shapes of trees.
package inspect

import (
	"context"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server/cmd/disrust/internal/command"
	"github.com/disrust/disrust/server/cmd/disrust/internal/modelflag"
)

// Command is the command.
var Command = &command.Command{
	Name: "inspect", Words: []string{"FILE"}, Does: "show the features, parameters and trees that a file holds",
	Help: `Shows what the file of a model holds: the objective, the parameters of the training that are kept in
it, the depths and leaves of its trees and, for each feature, its splits, their gain, and the rules
for missing values and categories. Splits and gains are those of the training library:
booster.feature_importance('split') and ('gain') of LightGBM, and get_score(importance_type='weight')
and 'total_gain' of XGBoost. Of a graph in ONNX it shows the stages that the graph became; such a file
has neither names nor gains.`,
	New: func() command.Invocation { return &inspect{sort: byColumn} },
}

type inspect struct {
	model forest.Options
	sort  func(a, b *feature) int
	json  bool
}

func (c *inspect) Flags() flags.List {
	return append(modelflag.Flags(&c.model),
		flags.New("sort", flags.Choice(&c.sort, "column",
			flags.Option[func(a, b *feature) int]{Name: "column", Value: byColumn},
			flags.Option[func(a, b *feature) int]{Name: "splits", Value: bySplits},
			flags.Option[func(a, b *feature) int]{Name: "gain", Value: byGain}),
			"the order of the features; of those that are equal, the first column comes first"),
		flags.New("json", flags.Toggle(&c.json), "write JSON, also of an error"))
}

func (c *inspect) Run(_ context.Context, words []string, s command.Streams) error {
	name, file := modelflag.Name(words[0]), words[0]
	m, err := modelflag.Load(file, c.model)
	if err != nil {
		return s.Refuse(err, c.json)
	}
	r := newReport(m)
	r.Name, r.File = name, file
	r.order(c.sort)
	if c.json {
		return s.JSON(r)
	}
	r.write(s.Text)
	return nil
}
