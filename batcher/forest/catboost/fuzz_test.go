package catboost

import (
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
)

func FuzzLoad(f *testing.F) {
	goldentest.FuzzLoad(f, Load, goldentest.Models(f, goldentest.Folders(f, "cat*"))...)
}
