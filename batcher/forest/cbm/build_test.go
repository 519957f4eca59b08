package cbm

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/disrust/disrust/batcher/forest/modelfile"
	flatbuffers "github.com/google/flatbuffers/go"
)

// content is what a file says. Tests change it, and write it with the library's builder.
type content struct {
	version        string
	outputs        int32
	features       []number
	sizes, starts  []int32
	splits         []int32
	steps          [][2]uint16
	leaves         []uint32
	values, biases []float64
	scale, bias    float64
	info           [][2]string
	parts          []string
	others         map[field][]string // names of features that are no numbers
	shared         int                // how many times more than once the table of each feature counts
}

// number is a feature of numbers.
type number struct {
	index, flat int32
	borders     []float32
	name        string
	treatment   int8
}

// small is a model of two features with two symmetric trees.
func small() *content {
	return &content{
		version: version, outputs: 1, scale: 1, biases: []float64{0.5},
		features: []number{{0, 0, []float32{-1, 2}, "a", 1}, {1, 1, []float32{0}, "b", 2}},
		sizes:    []int32{2, 1}, starts: []int32{0, 2}, splits: []int32{0, 2, 1}, values: []float64{1, 2, 3, 4, 10, 20},
		info: [][2]string{{"params", `{"loss_function":{"type":"RMSE","params":{}},"flat_params":{"depth":2}}`}},
	}
}

// nodes is a model of one feature and a tree whose root has a leaf of its own on the left.
func nodes() *content {
	c := small()
	c.features, c.sizes, c.starts = []number{{0, 0, []float32{1, 2}, "", 0}}, []int32{4}, []int32{0}
	c.splits, c.steps = []int32{0, 1, 0, 0}, [][2]uint16{{0, 1}, {1, 2}, {}, {}}
	c.leaves, c.values = []uint32{2, 1<<32 - 1, 0, 1}, []float64{7, 8, 9}
	return c
}

// bytes returns the file.
func (c *content) bytes() []byte {
	b := flatbuffers.NewBuilder(0)
	trees := c.trees(b)
	var info, parts []flatbuffers.UOffsetT
	for _, pair := range c.info {
		key, value := b.CreateString(pair[0]), b.CreateString(pair[1])
		b.StartObject(2)
		b.PrependUOffsetTSlot(infoKey.slot, key, 0)
		b.PrependUOffsetTSlot(infoValue.slot, value, 0)
		info = append(info, b.EndObject())
	}
	for _, part := range c.parts {
		parts = append(parts, b.CreateString(part))
	}
	version := b.CreateString(c.version)
	infos, ids := offsets(b, info), offsets(b, parts)
	b.StartObject(4)
	b.PrependUOffsetTSlot(coreVersion.slot, version, 0)
	b.PrependUOffsetTSlot(coreTrees.slot, trees, 0)
	b.PrependUOffsetTSlot(coreInfo.slot, infos, 0)
	b.PrependUOffsetTSlot(coreParts.slot, ids, 0)
	b.Finish(b.EndObject())
	return wrap(b.FinishedBytes())
}

// wrap puts the head of a file before a flatbuffer.
func wrap(core []byte) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte(magic), uint32(len(core))), core...)
}

func (c *content) trees(b *flatbuffers.Builder) flatbuffers.UOffsetT {
	vectors := map[field]flatbuffers.UOffsetT{
		treesFeatures: c.numbers(b),
		treesSizes:    vector(b, 4, c.sizes, b.PrependInt32),
		treesStarts:   vector(b, 4, c.starts, b.PrependInt32),
		treesSplits:   vector(b, 4, c.splits, b.PrependInt32),
		treesLeaves:   vector(b, 4, c.leaves, b.PrependUint32),
		treesValues:   vector(b, 8, c.values, b.PrependFloat64),
		treesBiases:   vector(b, 8, c.biases, b.PrependFloat64),
		treesSteps: vector(b, 4, c.steps, func(step [2]uint16) {
			b.PrependUint16(step[1])
			b.PrependUint16(step[0])
		}),
	}
	for f, names := range c.others {
		var tables []flatbuffers.UOffsetT
		for _, name := range names {
			name := b.CreateString(name)
			b.StartObject(3)
			b.PrependUOffsetTSlot(otherName.slot, name, 0)
			tables = append(tables, b.EndObject())
		}
		vectors[f] = offsets(b, tables)
	}
	b.StartObject(19)
	b.PrependInt32Slot(treesOutputs.slot, c.outputs, 0)
	b.PrependFloat64Slot(treesScale.slot, c.scale, 1)
	b.PrependFloat64Slot(treesBias.slot, c.bias, 0)
	for f, at := range vectors {
		b.PrependUOffsetTSlot(f.slot, at, 0)
	}
	return b.EndObject()
}

func (c *content) numbers(b *flatbuffers.Builder) flatbuffers.UOffsetT {
	var tables []flatbuffers.UOffsetT
	for _, n := range c.features {
		borders, name := vector(b, 4, n.borders, b.PrependFloat32), b.CreateString(n.name)
		b.StartObject(6)
		b.PrependInt32Slot(featureIndex.slot, n.index, -1)
		b.PrependInt32Slot(featureFlat.slot, n.flat, -1)
		b.PrependUOffsetTSlot(featureBorders.slot, borders, 0)
		b.PrependUOffsetTSlot(featureName.slot, name, 0)
		b.PrependInt8Slot(featureTreatment.slot, n.treatment, 0)
		tables = append(tables, b.EndObject())
	}
	return offsets(b, slices.Repeat(tables, 1+c.shared))
}

func offsets(b *flatbuffers.Builder, of []flatbuffers.UOffsetT) flatbuffers.UOffsetT {
	return vector(b, 4, of, b.PrependUOffsetT)
}

// vector writes elements of so many bytes.
func vector[E any](b *flatbuffers.Builder, size int, elements []E, prepend func(E)) flatbuffers.UOffsetT {
	b.StartVector(size, len(elements), size)
	for i := len(elements) - 1; i >= 0; i-- {
		prepend(elements[i])
	}
	return b.EndVector(len(elements))
}

// scored loads a file and scores rows of its one or two features.
func scored(t *testing.T, c *content, rows ...float32) []float32 {
	t.Helper()
	m, err := load(c.bytes(), modelfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, len(rows)/len(c.features)*m.Shape().Outputs)
	if err := m.NewScorer().Score(rows, len(c.features), out); err != nil {
		t.Fatal(err)
	}
	return out
}
