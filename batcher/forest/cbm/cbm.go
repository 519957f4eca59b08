package cbm

import (
	"bytes"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
)

// Loader makes package forest load .cbm files too.
var Loader = forest.Loader{Format: "CatBoost's .cbm", Is: is, Load: load}

// magic is what a file begins with.
const magic = "CBM1"

func is(head []byte) bool { return bytes.HasPrefix(head, []byte(magic)) }

// load makes a model of a file. Nothing refers to data afterwards.
func load(data []byte, o modelfile.Options) (*modelfile.Model, error) {
	core, behind, err := unwrap(data)
	if err != nil {
		return nil, err
	}
	f, err := read(core, behind)
	if err != nil {
		return nil, err
	}
	return f.Load(o)
}
