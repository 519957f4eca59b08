package cbm

import (
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher/forest/ensemble"
	"github.com/disrust/disrust/batcher/forest/internal/catmodel"
	"github.com/disrust/disrust/batcher/forest/internal/document"
	"github.com/disrust/disrust/wire"
)

// version is the only one there is, with CatBoost's slip of the pen.
const version = "FlabuffersModel_v1"

// file is a model while its file is read.
type file struct {
	catmodel.Model
	trees *table
	bins  []catmodel.Split // each border of each feature, in the file's order: what trees split by
}

// read reads the flatbuffer, and what is behind it.
func read(core, behind []byte) (*file, error) {
	b := &buffer{data: core, free: len(core)}
	root := b.root(coreName)
	f := &file{Model: catmodel.Model{Format: "CatBoost .cbm"}, trees: root.table(coreTrees)}
	got := root.text(coreVersion)
	switch {
	case b.err != nil:
		return nil, b.err
	case got != version:
		return nil, fmt.Errorf("%s is %s: %s is supported", coreVersion.name, catmodel.Quote(got), version)
	case f.trees.size == 0:
		return nil, fmt.Errorf("%s is missing", coreTrees.name)
	}
	for _, read := range []func() error{
		f.refuseOthers, f.readFeatures, f.readScale, f.readTrees,
		func() error { return refuseParts(root, behind) },
		func() error { return f.readInfo(root) },
	} {
		if err := read(); err != nil {
			return nil, err
		}
		if b.err != nil {
			return nil, b.err
		}
	}
	return f, nil
}

// refuseOthers refuses features that are no numbers.
func (f *file) refuseOthers() error {
	for _, others := range []struct {
		field field
		what  string
	}{{treesCategories, catmodel.Category}, {treesTexts, catmodel.Text}, {treesEmbeddings, catmodel.Embedding}} {
		err := f.trees.tables(others.field, func(i int, one *table) error {
			name := one.text(otherName)
			if one.buffer.err != nil {
				return one.buffer.err
			}
			return fmt.Errorf("%s: %w", others.field.name, catmodel.Unsupported(name, i, others.what))
		})
		if err != nil {
			return err
		}
	}
	for _, made := range []field{treesOneHot, treesCtrs, treesEstimated} {
		if of, _ := f.trees.vector(made, 4); len(of) > 0 {
			return fmt.Errorf("%s: made of features that are no numbers: train on numbers", made.name)
		}
	}
	return nil
}

// noTables is the number of tables for categories in old files, such as those of version 0.9, that have
// none.
const noTables = "\x00\x00\x00\x00"

// refuseParts refuses what follows the trees in files with other features.
func refuseParts(root *table, behind []byte) error {
	ids, _ := root.vector(coreParts, 4)
	switch {
	case len(ids) == 4 && string(behind) == noTables:
		return nil
	case len(ids) > 0:
		return fmt.Errorf("%s: the file has tables for features that are no numbers: train on numbers", coreParts.name)
	case len(behind) > 0:
		return fmt.Errorf("%d bytes follow the model", len(behind))
	}
	return nil
}

// treatments say where rows go whose feature is NaN, for each NanValueTreatment: AsIs, AsFalse, AsTrue.
var treatments = [...]ensemble.Missing{ensemble.NaNLeft, ensemble.NaNLeft, ensemble.NaNRight}

// readFeatures reads the features of numbers and their borders.
func (f *file) readFeatures() error {
	return f.trees.tables(treesFeatures, func(i int, one *table) error {
		if i == wire.MaxDim {
			return fmt.Errorf("%s: there are more than %d", treesFeatures.name, wire.MaxDim)
		}
		treatment := one.int8(featureTreatment)
		if treatment < 0 || int(treatment) >= len(treatments) {
			return fmt.Errorf("%s.%s is %d: 0 to %d is supported", one.name, featureTreatment.name, treatment, len(treatments)-1)
		}
		feature := catmodel.Feature{
			Name: one.text(featureName), Index: one.int32(featureIndex, -1), Flat: one.int32(featureFlat, -1), Missing: treatments[treatment],
		}
		f.Features = append(f.Features, feature)
		return f.readBorders(one, feature.Index)
	})
}

// readBorders adds a feature's borders. CatBoost counts the borders below a number, which says at
// which of them it is above only if they ascend.
func (f *file) readBorders(feature *table, index int32) error {
	all := feature.float32s(featureBorders)
	for i := range all.count() {
		border := all.at(i)
		switch {
		case border-border != 0:
			return fmt.Errorf("%s.%s: %v: it must be finite", feature.name, featureBorders.name, border)
		case i > 0 && border <= all.at(i-1):
			return fmt.Errorf("%s.%s: %v after %v: they must ascend", feature.name, featureBorders.name, border, all.at(i-1))
		}
		f.bins = append(f.bins, catmodel.Split{Feature: index, Border: border})
	}
	return nil
}

// readScale reads the scale, and the bias of each output. Before version 1.0 there was one bias.
func (f *file) readScale() error {
	outputs := f.trees.int32(treesOutputs, 0)
	if outputs < 1 || outputs > wire.MaxOutputs {
		return fmt.Errorf("%s is %d: 1 to %d is supported", treesOutputs.name, outputs, wire.MaxOutputs)
	}
	f.Scale = f.trees.float64(treesScale, 1)
	f.Bias = make([]float64, outputs)
	each, one := f.trees.float64s(treesBiases), f.trees.float64(treesBias, 0)
	switch {
	case each.count() == int(outputs):
		for i := range f.Bias {
			f.Bias[i] = each.at(i)
		}
	case each.count() > 0:
		return fmt.Errorf("%s has %d elements for %d outputs", treesBiases.name, each.count(), outputs)
	case outputs > 1 && one != 0:
		return fmt.Errorf("%s: one bias for %d outputs", treesBias.name, outputs)
	default:
		f.Bias[0] = one
	}
	return nil
}

// readInfo finds the parameters of the training.
func (f *file) readInfo(root *table) error {
	found := false
	return root.tables(coreInfo, func(_ int, one *table) error {
		if one.text(infoKey) != "params" {
			return nil
		}
		if found {
			return errors.New("InfoMap: params is there twice")
		}
		found = true
		r := document.New([]byte(one.text(infoValue)))
		err := f.ReadParams(r)
		if err == nil {
			err = r.Close()
		}
		if err != nil {
			return fmt.Errorf("InfoMap: params: %w", err)
		}
		return nil
	})
}
