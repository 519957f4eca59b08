package catboost

import (
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/forest/internal/catmodel"
	"github.com/disrust/disrust/batcher/forest/internal/document"
	"github.com/disrust/disrust/wire"
)

// file is a model while its file is read.
type file struct{ catmodel.Model }

// read reads the whole file.
func read(data []byte) (*file, error) {
	f := &file{catmodel.Model{Format: "CatBoost JSON"}}
	r := document.New(data)
	hasTrees := false
	trees := func(read func(document.Reader) (*catmodel.Tree, error)) func() error {
		return func() error {
			if hasTrees {
				return errors.New("the file has both oblivious_trees and trees")
			}
			hasTrees = true
			return document.Each(r, func(i int) error {
				t, err := read(r)
				f.Trees = append(f.Trees, t)
				return catmodel.InTree(i, err)
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
	refused := func(name, what string) document.Field {
		return document.Field{Name: name, Read: func() error {
			return document.Each(r, func(i int) error {
				var id string
				if err := document.Fields(r, []document.Field{text(r, "feature_id", &id)}, nil); err != nil {
					return err
				}
				return catmodel.Unsupported(id, i, what)
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
				f.Features = append(f.Features, one)
				return err
			})
		}},
		refused("categorical_features", catmodel.Category),
		refused("text_features", catmodel.Text),
		refused("embedding_features", catmodel.Embedding),
	}, nil)
}

// treatments say where rows go whose feature is NaN: AsIs and AsFalse are never above a border,
// AsTrue always.
var treatments = map[string]ensemble.Missing{
	"": ensemble.NaNLeft, "AsIs": ensemble.NaNLeft, "AsFalse": ensemble.NaNLeft, "AsTrue": ensemble.NaNRight,
}

func readFeature(r document.Reader) (one catmodel.Feature, err error) {
	treatment := ""
	err = document.Fields(r, []document.Field{
		text(r, "feature_id", &one.Name),
		{Name: "feature_index", Required: true, Read: func() (err error) { one.Index, err = r.Int32(); return err }},
		{Name: "flat_feature_index", Required: true, Read: func() (err error) { one.Flat, err = r.Int32(); return err }},
		text(r, "nan_value_treatment", &treatment),
	}, nil)
	if err != nil {
		return one, err
	}
	missing, known := treatments[treatment]
	if !known {
		err = fmt.Errorf("nan_value_treatment %s of feature %d: AsIs, AsFalse and AsTrue are supported", catmodel.Quote(treatment), one.Index)
	}
	one.Missing = missing
	return one, err
}

// readInfo finds the parameters of the training.
func (f *file) readInfo(r document.Reader) error {
	return document.Fields(r, []document.Field{{Name: "params", Read: func() error {
		if kind, err := r.Kind(); err != nil {
			return err
		} else if kind != document.Object { // text, as old versions wrote it
			return r.Skip()
		}
		return f.ReadParams(r)
	}}}, nil)
}

// readScale reads [scale, [bias, ...]], or [scale, bias] as older versions wrote it.
func (f *file) readScale(r document.Reader) error {
	return document.Each(r, func(i int) (err error) {
		switch i {
		case 0:
			f.Scale, err = r.Float64()
			return err
		case 1:
			kind, err := r.Kind()
			if err != nil {
				return err
			}
			if kind == document.Array {
				f.Bias, err = r.Float64s(nil)
				return err
			}
			bias, err := r.Float64()
			f.Bias = []float64{bias}
			return err
		}
		return errors.New("there are more than 2 elements")
	})
}

func text(r document.Reader, name string, to *string) document.Field {
	return document.Field{Name: name, Read: func() (err error) { *to, err = r.Text(); return err }}
}
