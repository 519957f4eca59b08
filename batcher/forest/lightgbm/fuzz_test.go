package lightgbm

import (
	"testing"

	"github.com/disrust/disrust/batcher/forest/goldentest"
)

func FuzzLoad(f *testing.F) {
	goldentest.FuzzLoad(f, Load, append(goldentest.Models(f, goldentest.Folders(f, "lgb*")), []byte(sample))...)
}
