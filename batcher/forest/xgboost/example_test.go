package xgboost_test

import (
	"fmt"
	"os"

	"github.com/disrust/disrust/batcher/forest/modelfile"
	"github.com/disrust/disrust/batcher/forest/xgboost"
)

func ExampleLoad() {
	data, err := os.ReadFile("testdata/xgb_names/model.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := xgboost.Load(data, modelfile.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.About.Format, m.About.Objective, m.About.Trees, "trees", m.About.Features)
	scores := make([]float32, 2)
	err = m.NewScorer().Score([]float32{1, 2, 3, -1, -2, -3}, m.Shape().Dim, scores)
	fmt.Println(scores, err)
	// Output:
	// XGBoost 3.2.0 JSON reg:squarederror 2 trees [a "b" é\u x]
	// [0.5502754 -1.119247] <nil>
}
