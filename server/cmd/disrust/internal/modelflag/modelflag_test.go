package modelflag

import (
	"testing"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/wire"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct{ value, name, file string }{
		{"model.txt", "model", "model.txt"},
		{"/data/fraud.v2.json", "fraud.v2", "/data/fraud.v2.json"},
		{"fraud=model.txt", "fraud", "model.txt"},
		{"fraud=a=b.txt", "fraud", "a=b.txt"},
		{"./a=b/m.txt", "m", "./a=b/m.txt"},
		{"/day=3/m.ubj", "m", "/day=3/m.ubj"},
		{"=m.txt", "=m", "=m.txt"},
		{"model", "model", "model"},
		{".txt", ".txt", ".txt"},
	} {
		if name, file := Split(c.value); name != c.name || file != c.file {
			t.Errorf("%s: name %q, file %q", c.value, name, file)
		}
	}
}

func TestFlags(t *testing.T) {
	var o forest.Options
	list := Flags(&o)
	for _, c := range []struct {
		args []string
		want forest.Options
	}{
		{nil, forest.Options{}},
		{[]string{"--output", "class", "--iterations", "7"}, forest.Options{Output: wire.Class, Iterations: 7}},
		{[]string{"--iterations", "best"}, forest.Options{Output: wire.Class, Iterations: forest.BestIteration}},
		{[]string{"--output", "prob", "--iterations", "all"}, forest.Options{Output: wire.Prob, Iterations: forest.AllIterations}},
	} {
		if _, err := list.Parse(c.args); err != nil || o != c.want {
			t.Errorf("%q: %+v, %v", c.args, o, err)
		}
	}
	for _, bad := range []string{"--output=margin", "--output=", "--iterations=0", "--iterations=-1", "--iterations=", "--iterations=1.5"} {
		if _, err := list.Parse([]string{bad}); err == nil {
			t.Errorf("%s is not refused", bad)
		}
	}
}
