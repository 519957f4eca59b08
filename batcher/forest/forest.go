package forest

import (
	"fmt"
	"os"
	"sync"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/forest/modelfile"
)

// Options are what may be asked of a file. The zero value asks for what the training library's
// usual call answers.
type Options = modelfile.Options

// Iterations of [Options] that are no number.
const (
	AllIterations = modelfile.AllIterations
	BestIteration = modelfile.BestIteration
)

// About is what a file says beyond the scores.
type About = modelfile.About

// Model is a model from a file. It implements [batcher.Model].
type Model struct {
	batcher.Model
	About About

	scorers sync.Pool // of batcher.Scorer
}

// Load reads the model in a file.
func Load(path string, o Options) (*Model, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	m, err := Parse(data, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	switch {
	case info.IsDir():
		return nil, fmt.Errorf("%s: a directory: name the file of the model in it", path)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: no regular file: copy the model into one", path)
	}
	return os.ReadFile(path)
}

// Parse reads a model from the bytes of a file. The model does not refer to data.
func Parse(data []byte, o Options) (*Model, error) {
	load, err := recognise(data)
	if err != nil {
		return nil, err
	}
	m, err := load(data, o)
	if err != nil {
		return nil, err
	}
	return &Model{Model: m.Model, About: m.About}, nil
}

// Score writes Shape().Outputs scores per row to dst, row after row. rows is a packed matrix
// of Shape().Dim features per row. Several goroutines may call it at once. In the long run it
// allocates nothing.
func (m *Model) Score(dst, rows []float32) error {
	shape := m.Shape()
	if len(rows)%shape.Dim != 0 {
		return fmt.Errorf("forest: %d features are no whole rows: the model has %d per row", len(rows), shape.Dim)
	}
	if want := len(rows) / shape.Dim * shape.Outputs; len(dst) != want {
		return fmt.Errorf("forest: room for %d scores: %d rows have %d", len(dst), len(rows)/shape.Dim, want)
	}
	s, _ := m.scorers.Get().(batcher.Scorer)
	if s == nil {
		s = m.NewScorer()
	}
	defer m.scorers.Put(s)
	return s.Score(rows, shape.Dim, dst)
}
