// Package verify is the command that compares the scores of a model with those that the training
// library gave for the same rows.
package verify

import (
	"context"
	"errors"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/server/cmd/disrust/internal/command"
	"github.com/disrust/disrust/server/cmd/disrust/internal/modelflag"
)

// Command is the command.
var Command = &command.Command{
	Name: "verify", Words: []string{"FILE"}, Does: "compare the scores of a model with those of the training library",
	Help: `Scores the rows with the model, and compares each score with the one that the library that trained
the model gave for the same row. Scores are equal if their bits are; all NaN are equal. Expected
scores that are float64 are rounded to float32, once.

If scores differ, it shows the first row for which they do. It looks for the first tree that
explains the difference alone: one in which another leaf would give exactly the expected scores. It does
not search the graph of an ONNX file.

A network or a linear model adds up numbers, and its library does so in another order. There scores
are as expected if they are as near as "disrust check" says.

The exit status is 0 if all scores are as expected, 1 if some are not, and 2 if they cannot be compared.`,
	Failed: flags.StatusUsage,
	New:    func() command.Invocation { return &verify{} },
}

type verify struct {
	model        forest.Options
	rows, expect string
	json         bool
}

func (v *verify) Flags() flags.List {
	return append(flags.List{
		flags.New("rows", flags.File(&v.rows), "the rows: a .npy file of float32, or raw little-endian float32"),
		flags.New("expect", flags.File(&v.expect), "the library's scores for them: a .npy file of float32 or float64, or of integers for classes"),
		flags.New("json", flags.Toggle(&v.json), "write JSON, also of an error"),
	}, modelflag.Flags(&v.model)...)
}

func (v *verify) Run(ctx context.Context, words []string, s command.Streams) error {
	switch {
	case v.rows == "":
		return command.Usage("--rows is missing: name the file of the rows")
	case v.expect == "":
		return command.Usage("--expect is missing: name the file of the scores that the library gave for the rows")
	}
	r, err := v.compare(ctx, words[0])
	if err != nil {
		return s.Refuse(err, v.json)
	}
	if v.json {
		if err := s.JSON(r); err != nil {
			return err
		}
	} else {
		r.write(s.Text)
	}
	if r.Different > 0 && !r.near() {
		return command.ErrTold
	}
	return nil
}

// compare loads the model, compares all scores, and explains the first that differ.
func (v *verify) compare(ctx context.Context, file string) (*result, error) {
	var record ensemble.Record
	v.model.Record = &record
	m, err := modelflag.Load(file, v.model)
	if err != nil {
		return nil, err
	}
	in, err := v.open(m)
	if err != nil {
		return nil, err
	}
	defer in.close()
	t := tally{outputs: m.Shape().Outputs}
	if promised(m).part > 0 {
		t.span = newSpan(t.outputs)
	}
	if err := in.each(ctx, m, t.add); err != nil {
		return nil, err
	}
	r := newResult(file, m, in, &t)
	if t.first == nil {
		return r, nil
	}
	r.First = newFirst(t.first)
	r.First.linear = m.Linear() != nil
	if record.Config.Dim == 0 {
		return r, nil // no loader recorded trees
	}
	r.First.Explanation = explain(&record, &m.About, t.first)
	return r, nil
}

var errInterrupted = errors.New("interrupted before all scores were compared")
