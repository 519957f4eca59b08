package forest

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/disrust/disrust/batcher/forest/catboost"
	"github.com/disrust/disrust/batcher/forest/lightgbm"
	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/batcher/forest/xgboost"
)

type loader func(data []byte, o Options) (*modelfile.Model, error)

// Loader loads files of a format that this module does not know.
type Loader struct {
	Format string                 // such as "ONNX"
	Is     func(head []byte) bool // whether a file that begins so is one
	Load   func(data []byte, o Options) (*modelfile.Model, error)
}

// recognise returns the loader of a file, or says what the file is instead of a model that can
// be loaded.
func recognise(data []byte, more []Loader) (loader, error) {
	for _, l := range more {
		if l.Is(data) {
			return l.Load, nil
		}
	}
	if lightgbm.Is(data) {
		return lightgbm.Load, nil
	}
	if len(data) == 0 {
		return nil, errors.New("the file is empty")
	}
	for _, f := range foreign {
		if bytes.HasPrefix(data, []byte(f.begins)) {
			return nil, errors.New(f.refusal)
		}
	}
	text := bytes.TrimLeft(data[:min(len(data), headBytes)], " \t\r\n")
	for _, f := range foreignTexts {
		if bytes.HasPrefix(text, []byte(f.begins)) && bytes.Contains(text, []byte(f.has)) {
			return nil, errors.New(f.refusal)
		}
	}
	switch {
	case catboost.Is(text):
		return catboost.Load, nil
	case bytes.HasPrefix(text, []byte("{")):
		return xgboost.Load, nil
	}
	return nil, fmt.Errorf("neither a text model of LightGBM, which begins with the line 'tree', nor JSON or UBJSON of XGBoost "+
		"or JSON of CatBoost, which begin with '{'%s: the file begins with %q", others(more), data[:min(len(data), 16)])
}

func others(more []Loader) (text string) {
	for _, l := range more {
		text += ", nor " + l.Format
	}
	return text
}

const (
	pickle = "a Python pickle or joblib file, which only Python can read: save the model with booster.save_model (LightGBM: " +
		"model.booster_.save_model('m.txt'), XGBoost: model.save_model('m.json')), or convert it to ONNX (scikit-learn: " +
		"skl2onnx.to_onnx(model, rows), with float32 rows)"
	utf16 = "text in the encoding UTF-16: LightGBM reads and writes UTF-8, so save it again with booster.save_model"
	onnx  = "an ONNX model: load it with forest.LoadWith and onnx.Loader of package batcher/onnx"
)

// foreign are files that begin with certain bytes.
var foreign = []struct{ begins, refusal string }{
	{"\x80\x02", pickle},
	{"\x80\x03", pickle},
	{"\x80\x04", pickle},
	{"\x80\x05", pickle},
	{"ccopy_reg\n", pickle},
	{"\x1f\x8b", "compressed with gzip: decompress it first"},
	{"BZh", "compressed with bzip2: decompress it first"},
	{"\xfd7zXZ\x00", "compressed with xz: decompress it first"},
	{"\x28\xb5\x2f\xfd", "compressed with zstd: decompress it first"},
	{"\x78\x01", "compressed with zlib, as joblib does. " + pickle},
	{"\x78\x9c", "compressed with zlib, as joblib does. " + pickle},
	{"\x78\xda", "compressed with zlib, as joblib does. " + pickle},
	{"PK\x03\x04", "a zip archive: name the file of the model in it, or, if PyTorch wrote it, export the model with torch.onnx.export"},
	{"binf", "XGBoost's old binary format: load it with XGBoost before 3.1 and write it with save_model('m.json') or .ubj"},
	{"CBM1", "CatBoost's .cbm: save the model with model.save_model('m.json', format='json'), or load it with " +
		"forest.LoadWith and cbm.Loader of package batcher/forest/cbm"},
	{"\x93NUMPY", "a NumPy array, such as the rows to score, and not a model"},
	{"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras writes it: convert the model to ONNX"},
	{"\xff\xfe", utf16},
	{"\xfe\xff", utf16},
	{"t\x00r\x00e\x00e\x00", utf16},
	{"\x00t\x00r\x00e\x00e", utf16},
	{"\xef\xbb\xbf", "text with a byte order mark, which an editor put there: save it without"},
	{"\x08\x03\x12", onnx},
	{"\x08\x04\x12", onnx},
	{"\x08\x05\x12", onnx},
	{"\x08\x06\x12", onnx},
	{"\x08\x07\x12", onnx},
	{"\x08\x08\x12", onnx},
	{"\x08\x09\x12", onnx},
	{"\x08\x0a\x12", onnx},
	{"\x08\x0b\x12", onnx},
	{"\x08\x0c\x12", onnx},
	{"\x08\x0d\x12", onnx},
	{"\x08\x08\x3a", onnx},
}

// foreignTexts are texts that begin with something and have something else near their beginning.
var foreignTexts = []struct{ begins, has, refusal string }{
	{"<", "<PMML", "PMML, which is not supported: load the model that it was made from"},
	{"<", "", "HTML or XML, such as the error page of a download, and not a model"},
	{"version https://git-lfs", "", "a pointer of Git LFS and not the model: fetch it with git lfs pull"},
	{"booster[", "", "a dump of XGBoost, which is for reading: save the model with booster.save_model('m.json')"},
	{"[", "\"nodeid\"", "a dump of XGBoost, which is for reading: save the model with booster.save_model('m.json')"},
	{"{", "\"num_tree_per_iteration\"", "a dump of LightGBM, which is for reading: save the model with booster.save_model('m.txt')"},
}
