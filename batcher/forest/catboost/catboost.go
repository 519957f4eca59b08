package catboost

import (
	"github.com/disrust/disrust/batcher/forest/internal/document"
	"github.com/disrust/disrust/batcher/forest/modelfile"
)

// Is reports whether a file that begins so is JSON of CatBoost: its first key is one of a model's.
func Is(head []byte) bool {
	r := document.New(head)
	if r.Open(document.Object) != nil || document.IsUBJSON(head) {
		return false
	}
	key, ok, err := r.Key()
	if err != nil || !ok {
		return false
	}
	switch string(key) {
	case "ctr_data", "features_info", "model_info", "oblivious_trees", "scale_and_bias", "trees":
		return true
	}
	return false
}

// Load makes a model of a file in memory. Nothing refers to data afterwards.
func Load(data []byte, o modelfile.Options) (*modelfile.Model, error) {
	f, err := read(data)
	if err != nil {
		return nil, err
	}
	return f.Load(o)
}
