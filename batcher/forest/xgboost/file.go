package xgboost

import (
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher/forest/internal/document"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// file is what a model file says. Nothing in it has been checked beyond its type.
type file struct {
	version       []int32
	bestIteration string // "": the file does not say
	features      []string
	objective     string
	parameters    []modelfile.Parameter // of the objective

	// learner_model_param. XGBoost writes numbers as strings there.
	baseScore, numFeature, numClass, numTarget string

	booster    string
	model      *model
	weightDrop []float32 // of dart
}

// model is gradient_booster.model, or that of gradient_booster.gbtree for dart.
type model struct {
	numTrees        string
	numParallelTree string  // "": the file is older than 1.4
	iterations      []int32 // iteration_indptr: the first tree of each iteration, and the end; nil before 2.0
	info            []int32 // the output of each tree
	trees           []*tree
	hasTrees        bool
	weights         []float32 // of gblinear
	encoded         int       // the first feature with a category encoder; -1: none
}

// read reads the whole file.
func read(data []byte) (*file, error) {
	f := &file{}
	r := document.New(data)
	if kind, err := r.Kind(); err != nil {
		return nil, err
	} else if kind == document.Array {
		return nil, errors.New("an array, as dump_model writes it; write the model with save_model")
	}
	err := document.Fields(r, []document.Field{
		{Name: "learner", Required: true, Read: func() error { return f.readLearner(r) }},
		{Name: "version", Required: true, Read: func() (err error) { f.version, err = r.Int32s(nil); return err }},
		{Name: "Model", Read: func() error {
			return errors.New("a snapshot, as serialize and pickle write it; write the model with save_model")
		}},
	}, nil)
	if err != nil {
		return nil, err
	}
	return f, r.Close()
}

func (f *file) readLearner(r document.Reader) error {
	return document.Fields(r, []document.Field{
		{Name: "attributes", Read: func() error {
			return document.Fields(r, []document.Field{text(r, "best_iteration", &f.bestIteration, false)}, nil)
		}},
		{Name: "feature_names", Read: func() error { return f.readNames(r) }},
		{Name: "gradient_booster", Required: true, Read: func() error { return f.readBooster(r) }},
		{Name: "learner_model_param", Required: true, Read: func() error { return f.readParameters(r) }},
		{Name: "objective", Required: true, Read: func() error { return f.readObjective(r) }},
	}, nil)
}

func (f *file) readNames(r document.Reader) error {
	return document.Each(r, func(i int) error {
		if i == wire.MaxDim {
			return fmt.Errorf("there are more than %d", wire.MaxDim)
		}
		name, err := r.Text()
		f.features = append(f.features, name)
		return err
	})
}

func (f *file) readParameters(r document.Reader) error {
	return document.Fields(r, []document.Field{
		text(r, "base_score", &f.baseScore, true),
		text(r, "num_feature", &f.numFeature, true),
		text(r, "num_class", &f.numClass, true),
		text(r, "num_target", &f.numTarget, false),
	}, nil)
}

func (f *file) readObjective(r document.Reader) error {
	return document.Fields(r, []document.Field{text(r, "name", &f.objective, true)}, func(string) error {
		kind, err := r.Kind()
		if err != nil {
			return err
		}
		if kind != document.Object {
			return r.Skip()
		}
		return pairs(r, &f.parameters)
	})
}

func (f *file) readBooster(r document.Reader) error {
	readModel := func() (err error) { f.model, err = readModel(r); return err }
	err := document.Fields(r, []document.Field{
		text(r, "name", &f.booster, true),
		{Name: "model", Read: readModel},
		{Name: "gbtree", Read: func() error {
			return document.Fields(r, []document.Field{{Name: "model", Required: true, Read: readModel}}, nil)
		}},
		{Name: "weight_drop", Read: func() (err error) { f.weightDrop, err = r.Float32s(nil); return err }},
	}, nil)
	switch {
	case err != nil:
		return err
	case f.booster != "gbtree" && f.booster != "dart" && f.booster != "gblinear":
		return fmt.Errorf("the name %s: gbtree, dart and gblinear are supported", quote(f.booster))
	case f.model == nil:
		return errors.New("model is missing")
	}
	return nil
}

func readModel(r document.Reader) (*model, error) {
	m := &model{encoded: -1}
	t := newTreeReader(r)
	return m, document.Fields(r, []document.Field{
		{Name: "gbtree_model_param", Read: func() error {
			return document.Fields(r, []document.Field{
				text(r, "num_trees", &m.numTrees, true),
				text(r, "num_parallel_tree", &m.numParallelTree, false),
			}, nil)
		}},
		{Name: "iteration_indptr", Read: func() (err error) { m.iterations, err = r.Int32s([]int32{}); return err }},
		{Name: "tree_info", Read: func() (err error) { m.info, err = r.Int32s(nil); return err }},
		{Name: "trees", Read: func() error {
			m.hasTrees = true
			return document.Each(r, func(i int) error {
				read, err := t.read()
				m.trees = append(m.trees, read)
				return in(i, err)
			})
		}},
		{Name: "weights", Read: func() (err error) { m.weights, err = r.Float32s(nil); return err }},
		{Name: "cats", Read: func() error { return m.readEncoder(r) }},
	}, nil)
}

// readEncoder finds the first feature whose categories the file names. A file of XGBoost 3.1 or
// newer has an entry for each feature if any has names, and otherwise none.
func (m *model) readEncoder(r document.Reader) error {
	return document.Fields(r, []document.Field{{Name: "enc", Read: func() error {
		return document.Each(r, func(i int) error {
			values := 0
			read := func() error { return document.Each(r, func(int) error { values++; return r.Skip() }) }
			err := document.Fields(r, []document.Field{{Name: "offsets", Read: read}, {Name: "values", Read: read}}, nil)
			if values > 0 && m.encoded < 0 {
				m.encoded = i
			}
			return err
		})
	}}}, nil)
}

// text is a field that holds a string.
func text(r document.Reader, name string, to *string, required bool) document.Field {
	return document.Field{Name: name, Required: required, Read: func() (err error) {
		*to, err = r.Text()
		return err
	}}
}

// maxPairs is how many parameters an objective may have. Those of XGBoost have a handful.
const maxPairs = 1000

// pairs appends the strings of an object with their keys.
func pairs(r document.Reader, to *[]modelfile.Parameter) error {
	return document.Fields(r, nil, func(key string) error {
		if len(*to) == maxPairs {
			return fmt.Errorf("there are more than %d parameters", maxPairs)
		}
		kind, err := r.Kind()
		if err != nil {
			return err
		}
		if kind != document.String {
			return r.Skip()
		}
		value, err := r.Text()
		*to = append(*to, modelfile.Parameter{Name: key, Value: value})
		return err
	})
}

// in says in which tree an error is.
func in(tree int, err error) error {
	if err == nil {
		return nil
	}
	name := fmt.Sprintf("tree %d", tree)
	if node := (*nodeError)(nil); errors.As(err, &node) {
		return &document.FieldError{Name: fmt.Sprintf("%s, node %d", name, node.node), Err: node.err}
	}
	return &document.FieldError{Name: name, Err: err}
}

// nodeError is an error in a node of a tree.
type nodeError struct {
	node int32
	err  error
}

func (e *nodeError) Error() string { return fmt.Sprintf("node %d: %v", e.node, e.err) }

func inNode(node int32, format string, args ...any) error {
	return &nodeError{node, fmt.Errorf(format, args...)}
}

// quote returns a text of the file for a message.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		return fmt.Sprintf("%q...", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
