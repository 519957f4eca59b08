package cbm

import (
	"path/filepath"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
)

func FuzzLoad(f *testing.F) {
	seeds := [][]byte{small().bytes(), nodes().bytes()}
	for _, dir := range folders(f) {
		seeds = append(seeds, goldentest.Read(f, filepath.Join(dir, trained)))
	}
	goldentest.FuzzLoad(f, load, seeds...)
}
