package cbm

import (
	"encoding/binary"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/batcher/forest/modelfile"
)

// edits change a model so that it must be refused, with words of the refusal.
var edits = []struct {
	name string
	edit func(c *content)
	want []string
}{
	{"another version", func(c *content) { c.version = "FlabuffersModel_v2" }, []string{"FormatVersion", `"FlabuffersModel_v2"`, version}},
	{"no features", func(c *content) { c.features, c.sizes, c.starts, c.splits, c.values = nil, nil, nil, nil, nil }, []string{"no features of numbers"}},
	{"a category", func(c *content) { c.others = map[field][]string{treesCategories: {"city"}} }, []string{"CatFeatures", `"city"`, "a category"}},
	{"text", func(c *content) { c.others = map[field][]string{treesTexts: {""}} }, []string{"TextFeatures", "feature 0", "text"}},
	{"an embedding", func(c *content) { c.others = map[field][]string{treesEmbeddings: {"e"}} }, []string{"EmbeddingFeatures", `"e"`}},
	{"one-hot", func(c *content) { c.others = map[field][]string{treesOneHot: {""}} }, []string{"OneHotFeatures", "numbers"}},
	{"ctrs", func(c *content) { c.others = map[field][]string{treesCtrs: {""}} }, []string{"CtrFeatures", "numbers"}},
	{"estimated", func(c *content) { c.others = map[field][]string{treesEstimated: {""}} }, []string{"EstimatedFeatures", "numbers"}},
	{"a part", func(c *content) { c.parts = []string{"static_provider_v1"} }, []string{"ModelPartIds", "numbers"}},
	{"a treatment", func(c *content) { c.features[1].treatment = 3 }, []string{"FloatFeatures[1].NanValueTreatment is 3", "0 to 2"}},
	{"a treatment below 0", func(c *content) { c.features[1].treatment = -1 }, []string{"NanValueTreatment is -1"}},
	{"no index", func(c *content) { c.features[0].index = -1 }, []string{"the index -1 of feature 0", "once"}},
	{"an index twice", func(c *content) { c.features[0].index = 1 }, []string{"the index 1 of feature 1", "once"}},
	{"a column too far", func(c *content) { c.features[0].flat = 2 }, []string{"the flat index 2 of feature 0", "0 to 1"}},
	{"a border of NaN", func(c *content) { c.features[0].borders[1] = float32(math.NaN()) }, []string{"FloatFeatures[0].Borders", "NaN", "finite"}},
	{"an infinite border", func(c *content) { c.features[0].borders[1] = float32(math.Inf(1)) }, []string{"FloatFeatures[0].Borders", "+Inf"}},
	{"borders that descend", func(c *content) { c.features[0].borders[1] = -2 }, []string{"FloatFeatures[0].Borders", "-2 after -1", "ascend"}},
	{"a border twice", func(c *content) { c.features[0].borders[1] = -1 }, []string{"FloatFeatures[0].Borders", "ascend"}},
	{"a feature that is there many times", func(c *content) { c.shared = 1000 }, []string{"FloatFeatures[", "other parts of the file"}},
	{"no outputs", func(c *content) { c.outputs = 0 }, []string{"ApproxDimension is 0", "65535"}},
	{"many outputs", func(c *content) { c.outputs = 65536 }, []string{"ApproxDimension is 65536"}},
	{"two biases", func(c *content) { c.biases = []float64{1, 2} }, []string{"MultiBias has 2 elements", "1 outputs"}},
	{"one bias for two", func(c *content) { c.outputs, c.biases, c.bias = 2, nil, 1 }, []string{"Bias: one bias for 2 outputs"}},
	{"a bias of NaN", func(c *content) { c.biases[0] = math.NaN() }, []string{"bias", "NaN", "diverged"}},
	{"an infinite scale", func(c *content) { c.scale = math.Inf(-1) }, []string{"scale", "infinite"}},
	{"two outputs of a loss of one", func(c *content) {
		c.outputs, c.biases, c.values = 2, nil, make([]float64, 12)
		c.info[0][1] = `{"loss_function":{"type":"Logloss"}}`
	}, []string{"loss_function", "Logloss", "2 outputs"}},
	{"no loss", func(c *content) { c.info = nil }, []string{"loss_function.type is missing"}},
	{"parameters that are no JSON", func(c *content) { c.info[0][1] = "text" }, []string{"InfoMap: params"}},
	{"parameters that are cut", func(c *content) { c.info[0][1] = c.info[0][1][:20] }, []string{"InfoMap: params"}},
	{"more than parameters", func(c *content) { c.info[0][1] += "{}" }, []string{"InfoMap: params"}},
	{"parameters twice", func(c *content) { c.info = append(c.info, c.info[0]) }, []string{"InfoMap", "params is there twice"}},
	{"starts missing", func(c *content) { c.starts = c.starts[:1] }, []string{"TreeStartOffsets has 1 elements and TreeSizes 2"}},
	{"a tree of less than nothing", func(c *content) { c.sizes[1] = -1 }, []string{"tree 1", "-1 elements of TreeSplits"}},
	{"trees that overlap", func(c *content) { c.starts[1] = 1 }, []string{"tree 1", "must begin at 2"}},
	{"a tree beyond the end", func(c *content) { c.sizes[1] = 2 }, []string{"tree 1", "2 elements of TreeSplits", "there are 3"}},
	{"splits left over", func(c *content) { c.splits = append(c.splits, 0) }, []string{"3 of the 4 elements of TreeSplits"}},
	{"values left over", func(c *content) { c.values = append(c.values, 0) }, []string{"6 of the 7 of LeafValues"}},
	{"values missing", func(c *content) { c.values = c.values[:5] }, []string{"tree 1", "value 6 of LeafValues, which has 5"}},
	{"a value of NaN", func(c *content) { c.values[5] = math.NaN() }, []string{"tree 1", "leaf value 1 is NaN", "diverged"}},
	{"a border that is not there", func(c *content) { c.splits[2] = 3 }, []string{"tree 1", "TreeSplits 3", "3 borders"}},
	{"a border below 0", func(c *content) { c.splits[2] = -1 }, []string{"tree 1", "TreeSplits -1"}},
	{"a deep tree", func(c *content) { c.sizes, c.starts, c.splits = []int32{17}, []int32{0}, make([]int32, 17) }, []string{"tree 0", "17 levels", "16"}},
}

// nodeEdits change a model of trees that are not symmetric.
var nodeEdits = []struct {
	name string
	edit func(c *content)
	want []string
}{
	{"steps missing", func(c *content) { c.steps = c.steps[:3] }, []string{"TreeSplits has 4 elements", "NonSymmetricStepNodes 3"}},
	{"leaves missing", func(c *content) { c.leaves = nil }, []string{"NonSymmetricNodeIdToLeafId 0"}},
	{"a tree without nodes", func(c *content) { c.sizes, c.starts = []int32{0, 4}, []int32{0, 0} }, []string{"tree 0", "no nodes"}},
	{"a child that is not there", func(c *content) { c.steps[1][1] = 3 }, []string{"tree 0", "node 1 leads to node 4", "has 4"}},
	{"a child with two parents", func(c *content) { c.steps[1] = [2]uint16{2, 2}; c.values = c.values[:3] }, []string{"tree 0", "two parents"}},
	{"a node that nothing leads to", func(c *content) { c.steps[0] = [2]uint16{0, 2} }, []string{"tree 0", "the root does not lead to node 1"}},
	{"a root that is a leaf", func(c *content) { c.steps[0] = [2]uint16{} }, []string{"tree 0", "the root does not lead to leaf 0"}},
	{"a leaf without values", func(c *content) { c.leaves[2] = 3 }, []string{"tree 0", "values from 3 on: LeafValues has 3"}},
	{"a leaf far beyond", func(c *content) { c.leaves[2] = 1<<32 - 1 }, []string{"tree 0", "values from 4294967295 on"}},
	{"more leaves than values", func(c *content) { c.values = c.values[:2] }, []string{"tree 0", "value 3 of LeafValues, which has 2"}},
	{"a border of a node that is not there", func(c *content) { c.splits[1] = 2 }, []string{"tree 0", "TreeSplits 2", "2 borders"}},
}

func TestRefused(t *testing.T) {
	for _, e := range edits {
		c := small()
		e.edit(c)
		checkRefused(t, e.name, c.bytes(), e.want)
	}
	for _, e := range nodeEdits {
		c := nodes()
		e.edit(c)
		checkRefused(t, e.name, c.bytes(), e.want)
	}
}

func checkRefused(t *testing.T, name string, data []byte, words []string) {
	t.Helper()
	_, err := load(data, modelfile.Options{})
	if err == nil {
		t.Errorf("%s: not refused", name)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v: it does not say %q", name, err, word)
		}
	}
}

// TestRealFeatures: what CatBoost writes for features that are no numbers.
func TestRealFeatures(t *testing.T) {
	for name, words := range map[string][]string{
		"ctr": {"CatFeatures", `"city"`, "a category"}, "one_hot": {"CatFeatures", `"city"`}, "text": {"TextFeatures", `"note"`, "text"},
		"embedding": {"EmbeddingFeatures", `"point"`, "an embedding"},
	} {
		checkRefused(t, name, goldentest.Read(t, filepath.Join("testdata", name+".cbm")), words)
	}
}

// TestHead: what the first eight bytes say.
func TestHead(t *testing.T) {
	whole := small().bytes()
	checkRefused(t, "bytes behind", append(whole[:len(whole):len(whole)], 0), []string{"1 bytes follow"})
	withPart := small()
	withPart.parts = []string{"static_provider_v1"}
	checkRefused(t, "a table", append(withPart.bytes(), 1, 0, 0, 0), []string{"ModelPartIds"})
	checkRefused(t, "a part that is cut", append(withPart.bytes(), 0, 0, 0), []string{"ModelPartIds"})
	checkRefused(t, "nothing", []byte(magic), []string{"first 8 bytes", "cut"})
	checkRefused(t, "no flatbuffer", wrap(nil), []string{"TModelCore", "damaged"})
	checkRefused(t, "a large size", append([]byte(magic), 0xff, 0xff, 0xff, 0xff), []string{"4294967295", "2 GiB"})
}

// TestCutFile: no beginning of a file is a model, even if the size in it says so. The last three bytes
// of these files are padding.
func TestCutFile(t *testing.T) {
	for _, dir := range []string{"cat_logloss", "cat_lossguide_classes"} {
		data := goldentest.Read(t, filepath.Join("../catboost/testdata", dir, trained))
		for end := range len(data) {
			if _, err := load(data[:end], modelfile.Options{}); err == nil {
				t.Fatalf("%s: the first %d bytes are a model", dir, end)
			}
			if end < headBytes {
				continue
			}
			if _, err := load(wrap(data[headBytes:end]), modelfile.Options{}); err == nil && end < len(data)-3 {
				t.Fatalf("%s: %d bytes are a model", dir, end-headBytes)
			}
		}
	}
}

// TestDamaged: whatever four bytes of a file become, it is a model or refused with a sentence.
func TestDamaged(t *testing.T) {
	for _, c := range []*content{small(), nodes()} {
		whole := c.bytes()
		for at := headBytes; at+4 <= len(whole); at++ {
			was := binary.LittleEndian.Uint32(whole[at:])
			for _, becomes := range []uint32{0, 1, was + 1, was - 4, was ^ 0x80, 0xffff, uint32(len(whole)), 1 << 31, 1<<32 - 1} {
				data := append([]byte(nil), whole...)
				binary.LittleEndian.PutUint32(data[at:], becomes)
				if _, err := load(data, modelfile.Options{}); err != nil && strings.ContainsAny(err.Error(), "\n\x00") {
					t.Fatalf("bytes %d are %d: %q", at, becomes, err)
				}
			}
		}
	}
}
