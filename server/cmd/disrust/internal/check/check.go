// Package check is the command that loads the file of a model and says what it is, what it costs
// and whether it can be served.
package check

import (
	"context"
	"fmt"
	"time"

	"github.com/disrust/disrust/batcher/cost"
	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server/cmd/disrust/internal/command"
	"github.com/disrust/disrust/server/cmd/disrust/internal/modelflag"
	"github.com/disrust/disrust/wire"
)

// Command is the command.
var Command = &command.Command{
	Name: "check", Words: []string{"FILE"}, Does: "say what a model is, what it costs, and whether it can be served",
	Help: "Loads the file of a model, and says what it is and what it costs. The exit status is 0 if it can be served, and 1 if not.",
	New:  func() command.Invocation { return &check{} },
}

type check struct {
	model forest.Options
	json  bool
}

func (c *check) Flags() flags.List {
	return append(modelflag.Flags(&c.model), flags.New("json", flags.Toggle(&c.json), "write JSON"))
}

func (c *check) Run(ctx context.Context, words []string, s command.Streams) error {
	m, err := forest.Load(words[0], c.model)
	if err != nil {
		return err
	}
	k, err := cost.Measure(ctx, m, m.Shape().Dim, wire.DefaultMaxVectors, time.Second)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.Text, m, k)
	return nil
}
