package forest_test

import (
	"fmt"

	"github.com/disrust/disrust/batcher/forest"
)

func Example() {
	m, err := forest.Load("lightgbm/testdata/lgb_binary/model.txt", forest.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	rows := make([]float32, 2*m.Shape().Dim) // two rows, one after the other
	scores := make([]float32, 2*m.Shape().Outputs)
	if err := m.Score(scores, rows); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.About.Format, m.About.Trees, scores[0] == scores[1])
	// Output: LightGBM text v4 8 true
}
