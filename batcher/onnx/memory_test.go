package onnx

import (
	"runtime"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
)

// maxAllocated is how much loading allocates in all, as a multiple of the file, besides some fixed
// amount.
const maxAllocated = 30

func TestMemory(t *testing.T) {
	for _, dir := range goldentest.Folders(t, "onnx*") {
		data := goldentest.Model(t, dir)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := Parse(data, forest.Options{}); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		got, most := after.TotalAlloc-before.TotalAlloc, uint64(64<<10+maxAllocated*len(data))
		if got > most {
			t.Errorf("%s: %d bytes for a file of %d", dir, got, len(data))
		}
	}
}
