package cbm

import (
	"runtime"
	"slices"
	"testing"

	"github.com/disrust/disrust/batcher/forest/modelfile"
)

// most is how much loading allocates, all together, as a multiple of the file, besides some fixed amount.
const (
	most  = 48
	fixed = 64 << 10
)

// TestMemory: whatever there is much of in a file, loading it allocates a multiple of its size.
func TestMemory(t *testing.T) {
	const count = 1 << 16
	for name, grow := range map[string]func(c *content){
		"trees without levels": func(c *content) {
			c.sizes, c.starts, c.splits, c.values = make([]int32, count), make([]int32, count), nil, make([]float64, count)
		},
		"deep trees": func(c *content) {
			c.sizes, c.starts, c.splits, c.values = []int32{16}, []int32{0}, make([]int32, 16), make([]float64, count)
		},
		"leaves of many outputs": func(c *content) {
			c.outputs, c.biases, c.info[0][1] = 1024, nil, `{"loss_function":{"type":"MultiRMSE"}}`
			c.sizes, c.starts, c.splits, c.values = make([]int32, count>>10), make([]int32, count>>10), nil, make([]float64, count)
		},
		"borders": func(c *content) {
			c.features[0].borders = nil
			for i := range count {
				c.features[0].borders = append(c.features[0].borders, float32(i))
			}
		},
		"features": func(c *content) {
			c.features = c.features[:0]
			for i := range count - 1 {
				c.features = append(c.features, number{index: int32(i), flat: int32(i)})
			}
			c.sizes, c.starts, c.splits, c.values = nil, nil, nil, nil
		},
		"too many features":       func(c *content) { c.features = slices.Repeat(c.features, count) },
		"parameters":              func(c *content) { c.info = slices.Repeat([][2]string{{"a", "b"}}, count) },
		"biases":                  func(c *content) { c.biases = make([]float64, count) },
		"categories":              func(c *content) { c.others = map[field][]string{treesCategories: make([]string, count)} },
		"levels of a single tree": func(c *content) { c.sizes, c.starts, c.splits = []int32{count}, []int32{0}, make([]int32, count) },
		"leaves of a tree of nodes": func(c *content) {
			*c = *nodes()
			c.sizes, c.splits, c.steps, c.leaves, c.values = []int32{count}, make([]int32, count), nil, nil, nil
			for i := range count - 1 {
				c.steps, c.leaves, c.values = append(c.steps, [2]uint16{0, 1}), append(c.leaves, uint32(i)), append(c.values, 1)
			}
			c.steps, c.leaves, c.values = append(c.steps, [2]uint16{}), append(c.leaves, count-1), append(c.values, 1)
		},
	} {
		c := small()
		grow(c)
		data := c.bytes()
		allocated, err := allocatedFor(data)
		t.Logf("%s: loading %d bytes allocated %.1f times as many: %v", name, len(data), float64(allocated)/float64(len(data)), err)
		if allocated > uint64(fixed+most*len(data)) {
			t.Errorf("%s: more than %d times", name, most)
		}
	}
}

// allocatedFor returns what loading allocates, all together.
func allocatedFor(data []byte) (uint64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := load(data, modelfile.Options{Output: 0})
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, err
}
