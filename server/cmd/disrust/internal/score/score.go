// Package score is the command that scores the rows of a file with a model, without a server.
//
// A goroutine reads blocks of rows. A worker per CPU turns each block into float32, scores it, and
// encodes the scores. The command's own goroutine writes them in the order of the rows. The number of
// blocks is fixed, so memory does not grow with the file.
package score

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/client/tools/flags"
	"github.com/disrust/disrust/client/tools/progress"
	"github.com/disrust/disrust/client/tools/rowfile"
	"github.com/disrust/disrust/server/cmd/disrust/internal/command"
	"github.com/disrust/disrust/server/cmd/disrust/internal/modelflag"
)

// Command is the command.
var Command = &command.Command{
	Name: "score", Words: []string{"FILE", "ROWS"}, Does: "score the rows of a file, on all CPUs, and write the scores",
	Help: `Scores the rows of a file with the model in FILE. SCORES appears whole or not at all.

  disrust score model.txt rows.npy -o scores.npy
  disrust score model.json rows.csv -o scores.csv

ROWS is .npy (float32, or with --cast other numbers), raw little-endian float32, or CSV. In CSV, commas separate columns, or
tabs if the name ends in .tsv. An empty field, NA, NaN and null are missing values, and blank lines are no rows. A header's
names choose the columns: their order is free, and others are ignored. A model without names has f0, f1 and so on.

SCORES is .npy, .csv, .tsv or raw float32 (.f32), as its name ends. Any other name gets the form of ROWS. - is standard
output.

The exit status is 0 if the scores are written, 1 if not, and 2 if the command line makes no sense.`,
	New: func() command.Invocation { return &score{} },
}

// standardOutput stands for a file.
const standardOutput = "-"

type score struct {
	model   forest.Options
	out     string
	header  headerMode
	cast    bool
	threads int
	json    bool
}

const maxThreads = 1024

func (s *score) Flags() flags.List {
	return append(flags.List{
		flags.New("out", flags.File(&s.out), "file of the scores; - is standard output").Or("o"),
		flags.New("cast", flags.Toggle(&s.cast), "convert the numbers of a .npy file to float32; stderr says how many that changes"),
		flags.New("header", flags.Choice(&s.header, "auto",
			flags.Option[headerMode]{Name: "auto", Value: headerAuto},
			flags.Option[headerMode]{Name: "names", Value: headerNames},
			flags.Option[headerMode]{Name: "skip", Value: headerSkip},
			flags.Option[headerMode]{Name: "none", Value: headerNone}),
			"first line of CSV; auto: names, or a row if all are numbers; names: of the columns; skip or none: columns are in the model's order"),
		flags.New("threads", flags.Int(&s.threads, 0, maxThreads), "threads that score; 0: one per CPU"),
		flags.New("json", flags.Toggle(&s.json), "write a summary as JSON to standard output, also of an error"),
	}, modelflag.Flags(&s.model)...)
}

func (s *score) Run(ctx context.Context, words []string, streams command.Streams) error {
	switch {
	case s.out == "":
		return command.Usage("--out is missing: it says where the scores go, such as -o scores.npy")
	case s.out == standardOutput && s.json:
		return command.Usage("--json and --out - both write to standard output: choose a file for the scores")
	}
	result, err := s.run(ctx, words, streams)
	switch {
	case err != nil:
		return streams.Refuse(err, s.json)
	case s.json:
		return streams.JSON(result)
	}
	return nil
}

func (s *score) run(ctx context.Context, words []string, streams command.Streams) (result summary, err error) {
	m, err := modelflag.Load(words[0], s.model)
	if err != nil {
		return result, err
	}
	rows, err := s.open(words[1], words[0], m)
	if err != nil {
		return result, err
	}
	defer rows.close()
	tell := func(format string, args ...any) {
		flags.Complain(streams.Stderr, "disrust", fmt.Errorf("score: %s: %s", words[1], fmt.Sprintf(format, args...)))
	}
	if ignored := rows.ignored(); len(ignored) > 0 {
		tell("the model has no features of these names, so their columns are ignored: %s", listed(ignored))
	}
	scores, err := s.create(words, rows.form(), m.Shape().Outputs, streams.Stdout)
	if err != nil {
		return result, err
	}
	defer scores.discard()
	p := &pipeline{model: m, rows: rows, scores: scores, threads: s.threads}
	if p.threads == 0 {
		p.threads = runtime.GOMAXPROCS(0)
	}
	start := time.Now()
	if err := p.runToEnd(ctx, streams.Stderr); err != nil {
		return result, err
	}
	if p.cast.Rounded > 0 {
		tell("%d of %d numbers were rounded to float32; %d of them are beyond its range and became infinite",
			p.cast.Rounded, p.done*int64(m.Shape().Dim), p.cast.Infinite)
	}
	return p.summary(time.Since(start)), nil
}

// runToEnd scores all rows and puts the file of the scores where it belongs.
func (p *pipeline) runToEnd(ctx context.Context, stderr io.Writer) error {
	total, unit := p.rows.total()
	p.counter = progress.NewCounter(stderr, progress.IsWatched(stderr), total, unit)
	err := p.run(ctx)
	p.counter.Done()
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	if err != nil {
		return fmt.Errorf("%w; %d rows were scored, and nothing is written", err, p.done)
	}
	if err := p.scores.commit(p.done); err != nil {
		return fmt.Errorf("cannot write scores: %w", err)
	}
	return nil
}

// summary is what --json writes.
type summary struct {
	Rows     int64    `json:"rows"`
	Features int      `json:"features"`
	Outputs  int      `json:"outputs"`
	Kind     string   `json:"kind"`
	Threads  int      `json:"threads"`
	Seconds  float64  `json:"seconds"` // without the loading of the model
	Rate     float64  `json:"rows_per_second"`
	Rounded  int64    `json:"rounded"`  // numbers that --cast changed
	Infinite int64    `json:"infinite"` // of those
	Ignored  []string `json:"ignored_columns"`
}

func (p *pipeline) summary(took time.Duration) summary {
	took = max(took, time.Nanosecond) // a clock may stand still for a while
	shape := p.model.Shape()
	return summary{
		Rows: p.done, Features: shape.Dim, Outputs: shape.Outputs, Kind: shape.Kind.String(), Threads: p.threads,
		Seconds: took.Seconds(), Rate: float64(p.done) / took.Seconds(),
		Rounded: p.cast.Rounded, Infinite: p.cast.Infinite, Ignored: append([]string{}, p.rows.ignored()...),
	}
}

// open opens the file of the rows.
func (s *score) open(name, model string, m *forest.Model) (source, error) {
	text, err := rowfile.IsText(name)
	switch {
	case err != nil:
		return nil, err
	case text:
		return openText(name, s.header, m)
	case s.header != headerAuto:
		return nil, command.Usage("--header is for CSV, and %s is none", name)
	}
	return openNumbers(name, "the features of "+model, s.cast, m.Shape())
}
