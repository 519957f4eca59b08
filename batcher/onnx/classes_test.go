package onnx

import (
	"slices"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/goldentest"
)

// TestClassNames: names come from a classifier or from a list that a place is looked up in, and nodes that
// only reshape may stand behind.
func TestClassNames(t *testing.T) {
	list := wholes("list", "3", 7, 8, -9)
	scores := node("Identity x -> y")
	arg := node("ArgMax x -> place", attr("axis", 1))
	for _, c := range []struct {
		name  string
		model []byte
		want  []string
	}{
		{"texts of a classifier", goldentest.Model(t, "testdata/onnx_binary_positive"), []string{"label 0", "label 1"}},
		{"numbers of a classifier", goldentest.Model(t, "testdata/onnx_binary_two"), []string{"0", "1"}},
		{"a list", drawn(13, 3, texts("list", "3", "low", "mid", "high"), scores, arg, node("Gather list place -> a"), node("Squeeze a axis -> b"), wholes("axis", "1", 1),
			node("Identity b -> label"), out("y"), labelled("label")), []string{"low", "mid", "high"}},
		{"a list of numbers", drawn(13, 3, list, scores, arg, node("ml.ArrayFeatureExtractor list place -> label"), out("y"), labelled("label")),
			[]string{"7", "8", "-9"}},
		{"a place", drawn(13, 3, scores, arg, node("Identity place -> label"), out("y"), labelled("label")), nil},
		{"no label", drawn(13, 3, scores, out("y")), nil},
	} {
		m, err := Parse(c.model, forest.Options{})
		if err != nil {
			t.Fatal(c.name, err)
		}
		if got := m.About.Classes; !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
}
