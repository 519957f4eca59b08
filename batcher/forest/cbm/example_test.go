package cbm_test

import (
	"fmt"
	"log"

	"github.com/disrust/disrust/batcher/forest"
	"github.com/disrust/disrust/batcher/forest/cbm"
)

func Example() {
	m, err := forest.LoadWith("../catboost/testdata/cat_multiclass/trained.cbm", forest.Options{}, cbm.Loader)
	if err != nil {
		log.Fatal(err)
	}
	rows := make([]float32, 2*m.Shape().Dim) // two rows, one after the other
	scores := make([]float32, 2*m.Shape().Outputs)
	if err := m.Score(scores, rows); err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.About.Format, m.About.Objective, m.About.Trees)
	fmt.Println(len(scores), "scores")
	// Output:
	// CatBoost .cbm MultiClass 24
	// 8 scores
}
