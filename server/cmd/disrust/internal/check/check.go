// Package check is the command that loads the file of a model and says what it is, what it costs
// and which scores it can give.
package check

import (
	"context"
	"time"

	"github.com/disrust/disrust/batcher/cost"
	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server/cmd/disrust/internal/command"
	"github.com/disrust/disrust/server/cmd/disrust/internal/golden"
	"github.com/disrust/disrust/server/cmd/disrust/internal/modelflag"
	"github.com/disrust/disrust/wire"
)

// Command is the command.
var Command = &command.Command{
	Name: "check", Words: []string{"FILE"}, Does: "say what a model is, what it costs, and which scores it gives",
	Help: `Loads the file of a model as the daemon does with these flags, and says what it is, what it costs,
which call of the training library its scores equal, and what the daemon would refuse. Of a graph in
ONNX it lists the stages that the graph became, in the order in which a row passes them. Golden vectors
beside the file, in MODEL.golden.npz, must come out. It measures what a row takes, for up to two seconds.
The exit status is 0 if the daemon can serve it, and 1 if not.`,
	New: func() command.Invocation { return &check{} },
}

type check struct {
	model forest.Options
	json  bool
}

func (c *check) Flags() flags.List {
	return append(modelflag.Flags(&c.model), flags.New("json", flags.Toggle(&c.json), "write JSON, also of an error"))
}

func (c *check) Run(ctx context.Context, words []string, s command.Streams) error {
	name, file := modelflag.Name(words[0]), words[0]
	began := time.Now()
	m, err := modelflag.Load(file, c.model)
	if err != nil {
		return s.Refuse(err, c.json)
	}
	took := time.Since(began)
	checked, err := golden.Check(modelflag.Resolve(file), m)
	if err != nil {
		return s.Refuse(err, c.json)
	}
	k, err := cost.Measure(ctx, m, m.Shape().Dim, wire.DefaultMaxVectors, time.Second)
	if err != nil {
		return s.Refuse(err, c.json)
	}
	r := newReport(m, k)
	r.Name, r.File, r.LoadSeconds, r.GoldenRows = name, file, took.Seconds(), checked
	if c.json {
		return s.JSON(r)
	}
	r.write(s.Text)
	return nil
}
