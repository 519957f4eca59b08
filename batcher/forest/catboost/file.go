package catboost

import (
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher/forest/internal/document"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/wire"
)

// file is what a model file says. Nothing in it has been checked beyond its type.
type file struct {
	floats     []feature
	loss       string // "": the file does not say
	parameters []modelfile.Parameter
	trees      []*tree
	scale      float64
	bias       []float64
}

// feature is a feature of numbers.
type feature struct {
	name      string
	index     int32  // among the features of numbers
	flat      int32  // among all features: the column
	treatment string // of NaN
}

// read reads the whole file.
func read(data []byte) (*file, error) {
	f := &file{}
	r := document.New(data)
	hasTrees := false
	trees := func(read func(document.Reader) (*tree, error)) func() error {
		return func() error {
			if hasTrees {
				return errors.New("the file has both oblivious_trees and trees")
			}
			hasTrees = true
			return document.Each(r, func(i int) error {
				t, err := read(r)
				f.trees = append(f.trees, t)
				return inTree(i, err)
			})
		}
	}
	err := document.Fields(r, []document.Field{
		{Name: "features_info", Required: true, Read: func() error { return f.readFeatures(r) }},
		{Name: "model_info", Read: func() error { return f.readInfo(r) }},
		{Name: "oblivious_trees", Read: trees(readOblivious)},
		{Name: "trees", Read: trees(readNested)},
		{Name: "scale_and_bias", Required: true, Read: func() error { return f.readScale(r) }},
	}, nil)
	switch {
	case err != nil:
		return nil, err
	case !hasTrees:
		return nil, errors.New("the file has neither oblivious_trees nor trees")
	}
	return f, r.Close()
}

// readFeatures reads the features, which must all be numbers.
func (f *file) readFeatures(r document.Reader) error {
	refused := func(name, why string) document.Field {
		return document.Field{Name: name, Read: func() error {
			return document.Each(r, func(i int) error {
				var id string
				if err := document.Fields(r, []document.Field{text(r, "feature_id", &id)}, nil); err != nil {
					return err
				}
				return fmt.Errorf("the feature %s is %s, which a row of numbers cannot hold: train on numbers", nameOr(id, i), why)
			})
		}}
	}
	return document.Fields(r, []document.Field{
		{Name: "float_features", Required: true, Read: func() error {
			return document.Each(r, func(i int) error {
				if i == wire.MaxDim {
					return fmt.Errorf("there are more than %d", wire.MaxDim)
				}
				one, err := readFeature(r)
				f.floats = append(f.floats, one)
				return err
			})
		}},
		refused("categorical_features", "a category"),
		refused("text_features", "text"),
		refused("embedding_features", "an embedding"),
	}, nil)
}

func nameOr(name string, index int) string {
	if name == "" {
		return fmt.Sprint(index)
	}
	return quote(name)
}

func readFeature(r document.Reader) (one feature, err error) {
	err = document.Fields(r, []document.Field{
		text(r, "feature_id", &one.name),
		{Name: "feature_index", Required: true, Read: func() (err error) { one.index, err = r.Int32(); return err }},
		{Name: "flat_feature_index", Required: true, Read: func() (err error) { one.flat, err = r.Int32(); return err }},
		text(r, "nan_value_treatment", &one.treatment),
	}, nil)
	return one, err
}

// readInfo finds the loss function. The rest of the training's parameters are nested, and left out.
func (f *file) readInfo(r document.Reader) error {
	return document.Fields(r, []document.Field{{Name: "params", Read: func() error {
		if kind, err := r.Kind(); err != nil {
			return err
		} else if kind != document.Object { // text, as old versions wrote it
			return r.Skip()
		}
		return document.Fields(r, []document.Field{
			{Name: "loss_function", Read: func() error {
				return document.Fields(r, []document.Field{
					text(r, "type", &f.loss),
					{Name: "params", Read: func() error { return f.readParameters(r) }},
				}, nil)
			}},
			{Name: "flat_params", Read: func() error { return f.readParameters(r) }},
		}, nil)
	}}}, nil)
}

// maxParameters bounds what is kept of the training's parameters.
const maxParameters = 1000

func (f *file) readParameters(r document.Reader) error {
	return document.Fields(r, nil, func(key string) error {
		kind, err := r.Kind()
		if err != nil {
			return err
		}
		var value string
		switch kind {
		case document.String:
			value, err = r.Text()
		case document.Number:
			var x float64
			x, err = r.Float64()
			value = fmt.Sprint(x)
		default:
			return r.Skip()
		}
		if len(f.parameters) < maxParameters {
			f.parameters = append(f.parameters, modelfile.Parameter{Name: key, Value: value})
		}
		return err
	})
}

// readScale reads [scale, [bias, ...]], or [scale, bias] as older versions wrote it.
func (f *file) readScale(r document.Reader) error {
	return document.Each(r, func(i int) (err error) {
		switch i {
		case 0:
			f.scale, err = r.Float64()
			return err
		case 1:
			kind, err := r.Kind()
			if err != nil {
				return err
			}
			if kind == document.Array {
				f.bias, err = r.Float64s(nil)
				return err
			}
			bias, err := r.Float64()
			f.bias = []float64{bias}
			return err
		}
		return errors.New("there are more than 2 elements")
	})
}

func text(r document.Reader, name string, to *string) document.Field {
	return document.Field{Name: name, Read: func() (err error) { *to, err = r.Text(); return err }}
}

// quote returns a text of the file for a message.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		return fmt.Sprintf("%q...", s[:most])
	}
	return fmt.Sprintf("%q", s)
}

// inTree says in which tree an error is.
func inTree(tree int, err error) error {
	if err == nil {
		return nil
	}
	if field := (*document.FieldError)(nil); errors.As(err, &field) {
		return &document.FieldError{Name: fmt.Sprintf("tree %d: %s", tree, field.Name), Err: field.Err}
	}
	return &document.FieldError{Name: fmt.Sprintf("tree %d", tree), Err: err}
}
