//go:build linux

package reload

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/server/cmd/disrust/internal/golden"
	"github.com/disrust/disrust/server/cmd/disrust/internal/modelflag"
	"github.com/disrust/disrust/wire"
)

// Model is a model from a file.
type Model struct {
	*forest.Model
	GoldenRows int // rows of golden vectors that came out; 0: there are none
}

// Load reads the model in a file, and checks it with its golden vectors. The file is the one that path
// resolves to, and the golden vectors lie beside that one.
func Load(path string, o forest.Options) (*Model, error) {
	f := find(path, o, nil)
	return f.model, f.err
}

// found is what a file holds.
type found struct {
	model    *Model        // nil if it is refused, or the one that is served
	err      error         // why it is refused
	read     bool          // identity is known
	identity wire.Identity // of the file alone, if it is refused before all is known
	format   string        // empty: not known
}

// find is Load for a server that serves another model already, if served is not nil. A model of another
// shape is refused.
//
// If path leads elsewhere once the model is loaded, it loads that one instead: the golden vectors of the
// first may have gone, or be another model's.
func find(path string, o forest.Options, served *Model) found {
	return findWith(path, func(file string) (f found) {
		f.model, f.err = f.load(file, o, served)
		return f
	})
}

func findWith(path string, load func(file string) found) (f found) {
	const most = 3
	for range most {
		file := modelflag.Resolve(path)
		if f = load(file); modelflag.Resolve(path) == file {
			break
		}
	}
	return f
}

func (f *found) load(file string, o forest.Options, served *Model) (*Model, error) {
	data, err := modelflag.Read(file)
	if err != nil {
		return nil, err
	}
	f.identity, f.read = sha256.Sum256(data), true
	if served != nil && f.identity == served.SHA256 { // the options are the same, too
		f.identity, f.format = served.Identity, served.About.Format
		return nil, nil
	}
	m, err := modelflag.Parse(data, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	f.identity, f.format = m.Identity, m.About.Format
	if served != nil {
		if err := sameShape(m, served); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	rows, err := golden.Check(file, m)
	if err != nil {
		return nil, err
	}
	return &Model{Model: m, GoldenRows: rows}, nil
}

// sameShape returns an error unless clients can go on as they are.
func sameShape(m *forest.Model, served *Model) error {
	is, was := m.Shape(), served.Shape()
	switch {
	case is.Dim != was.Dim:
		return fmt.Errorf("the model takes %d features, and the one that is served takes %d", is.Dim, was.Dim)
	case is.Outputs != was.Outputs:
		return fmt.Errorf("the model gives %d scores per row, and the one that is served gives %d", is.Outputs, was.Outputs)
	case is.Kind != was.Kind:
		return errors.New("the model gives scores of the kind " + is.Kind.String() + ", and the one that is served gives " + was.Kind.String())
	}
	return nil
}
