package forest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/cost"
	"github.com/disrust/disrust/batcher/dense"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
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

// Model is a model from a file. It implements [batcher.Model], [batcher.Sized],
// [batcher.Sampler] and [batcher.Explained].
type Model struct {
	batcher.Model
	About     About
	FileBytes int               // size of the file
	SHA256    [sha256.Size]byte // of the file

	// Identity tells models apart, as a server's welcome does: the SHA-256 of the file or, if only
	// some of its iterations count, of the file and their number.
	Identity wire.Identity

	scorers sync.Pool // of batcher.Scorer
}

// Load reads the model in a file.
func Load(path string, o Options) (*Model, error) { return LoadWith(path, o) }

// LoadWith is Load for files of more formats.
func LoadWith(path string, o Options, more ...Loader) (*Model, error) {
	data, err := Read(path, more...)
	if err != nil {
		return nil, err
	}
	m, err := ParseWith(data, o, more...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// Read returns the content of a model's file, for [ParseWith]. A file that begins as no model does is
// not read further: it may be larger than the memory. A file that somebody writes to meanwhile is
// refused, because its content may be partly old and partly new. So the bytes are those that the file
// had at one moment.
func Read(path string, more ...Loader) ([]byte, error) {
	data, err := read(path, more)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}

func read(path string, more []Loader) ([]byte, error) {
	info, err := os.Stat(path) // before the file is opened: to open a named pipe would be to wait for a writer
	if err != nil {
		return nil, bare(err)
	}
	switch {
	case info.IsDir():
		return nil, errors.New("a directory: name the file of the model in it")
	case !info.Mode().IsRegular():
		return nil, errors.New("no regular file: copy the model into one")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, bare(err)
	}
	defer file.Close()
	return readUnchanged(file, more)
}

// headBytes is how much of a file says what it is.
const headBytes = 4096

// readUnchanged reads an open file that nobody writes to meanwhile.
func readUnchanged(file *os.File, more []Loader) ([]byte, error) {
	before, err := settled(file)
	if err != nil {
		return nil, bare(err)
	}
	size := before.Size()
	head := make([]byte, min(size, headBytes))
	if _, err := io.ReadFull(file, head); err != nil {
		return nil, unchanged(err)
	}
	if _, err := recognise(head, more); err != nil {
		return nil, err
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(file, data[copy(data, head):]); err != nil {
		return nil, unchanged(err)
	}
	after, err := file.Stat()
	switch {
	case err != nil:
		return nil, bare(err)
	case after.Size() != size || !after.ModTime().Equal(before.ModTime()):
		return nil, errChanged
	}
	return data, nil
}

var errChanged = errors.New("the file changed while it was read: write it under another name, and rename it when it is complete")

// unchanged returns why a read failed. A file that has become shorter was written to.
func unchanged(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errChanged
	}
	return bare(err)
}

// settled returns what the file system says of a file, such that a write after that would show in the
// time of the file's last change. Linux takes this time from a clock that may tick every 10 ms only,
// and some file systems keep whole seconds, FAT every second one.
func settled(file *os.File) (fs.FileInfo, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	ticked := 20 * time.Millisecond
	if info.ModTime().Nanosecond() == 0 {
		ticked = 2 * time.Second
	}
	age := time.Since(info.ModTime())
	if age < 0 || age > ticked { // a time in the future was set by hand
		return info, nil
	}
	time.Sleep(ticked - age)
	later, err := file.Stat()
	if err == nil && !later.ModTime().Equal(info.ModTime()) {
		return nil, errChanged
	}
	return later, err
}

// bare leaves out of err the path, which stands before it.
func bare(err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err
	}
	return err
}

// Parse reads a model from the bytes of a file. The model does not refer to data.
func Parse(data []byte, o Options) (*Model, error) { return ParseWith(data, o) }

// ParseWith is Parse for files of more formats.
func ParseWith(data []byte, o Options, more ...Loader) (*Model, error) {
	load, err := recognise(data, more)
	if err != nil {
		return nil, err
	}
	m, err := load(data, o)
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	hash.Write(data)
	f := &Model{Model: m.Model, About: m.About, FileBytes: len(data)}
	hash.Sum(f.SHA256[:0])
	f.Identity = f.SHA256
	if m.About.Used != m.About.Iterations {
		fmt.Fprintf(hash, "\x00iterations=%d", m.About.Used)
		hash.Sum(f.Identity[:0])
	}
	return f, nil
}

// Bytes implements [batcher.Sized].
func (m *Model) Bytes() int { return m.Model.(batcher.Sized).Bytes() }

// Kernel implements [batcher.Explained]. It is empty if there is only one way to score the model.
func (m *Model) Kernel() string {
	if e, says := m.Model.(batcher.Explained); says {
		return e.Kernel()
	}
	return ""
}

// Sample implements [batcher.Sampler].
func (m *Model) Sample(rows []float32, dim int, random *rand.Rand) {
	cost.Draw(m.Model, rows, dim, random)
}

// Linear returns the weights of a linear model, and nil for one of trees.
func (m *Model) Linear() *dense.Linear {
	linear, _ := m.Model.(*dense.Linear)
	return linear
}

// TreeSize returns how many leaves a tree has, from 0 to About.Trees-1, and how many splits lie
// before the farthest.
func (m *Model) TreeSize(tree int) (leaves, depth int) {
	return m.Model.(interface{ TreeSize(int) (leaves, depth int) }).TreeSize(tree)
}

// String says in a line what the file holds, what of it counts, and how its SHA-256 begins.
func (m *Model) String() string {
	a := &m.About
	parts := []string{a.Format}
	if a.Objective != "" {
		parts = append(parts, a.Objective)
	}
	parts = append(parts, m.madeOf())
	switch {
	case a.Used < a.Iterations:
		parts = append(parts, fmt.Sprintf("%d of %d iterations", a.Used, a.Iterations))
	case a.Best > 0 && a.Best < a.Used:
		parts = append(parts, fmt.Sprintf("all %d iterations although the file says that %d are best", a.Used, a.Best))
	}
	return fmt.Sprintf("%s, SHA-256 %x", strings.Join(parts, ", "), m.SHA256[:6])
}

func (m *Model) madeOf() string {
	a := &m.About
	switch {
	case m.Linear() != nil:
		return "linear"
	case a.Trees == 0 && len(a.Stages) == 1:
		return "1 stage"
	case a.Trees == 0 && a.Stages != nil:
		return fmt.Sprintf("%d stages", len(a.Stages))
	}
	return fmt.Sprintf("%d trees with %d leaves", a.Trees, a.Leaves)
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
