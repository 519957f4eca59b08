package cbm

import (
	"path/filepath"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
)

// FuzzLoad fuzzes what follows the size in a file. A wrong size says nothing new.
func FuzzLoad(f *testing.F) {
	seeds := [][]byte{small().bytes()[headBytes:], nodes().bytes()[headBytes:]}
	for _, dir := range folders(f) {
		seeds = append(seeds, goldentest.Read(f, filepath.Join(dir, trained))[headBytes:])
	}
	goldentest.FuzzLoad(f, func(core []byte, o modelfile.Options) (*modelfile.Model, error) { return load(wrap(core), o) }, seeds...)
}
