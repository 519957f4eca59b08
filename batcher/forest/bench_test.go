package forest

import (
	"fmt"
	"os"
	"testing"

	"github.com/disrust/disrust/batcher/cost"
	"github.com/disrust/disrust/batcher/forest/goldentest"
	"github.com/disrust/disrust/wire"
)

// BenchmarkScore scores with the model in the file $MODEL and the float32 rows in the file $ROWS,
// or with a small model and rows that it draws. No row follows itself.
func BenchmarkScore(b *testing.B) {
	file := os.Getenv("MODEL")
	if file == "" {
		file = lightgbmModel + "/model.txt"
	}
	m, err := Load(file, Options{Output: wire.Raw})
	if err != nil {
		b.Fatal(err)
	}
	dim, outputs := m.Shape().Dim, m.Shape().Outputs
	rows := cost.Rows(m, dim, 4096, 1)
	if file := os.Getenv("ROWS"); file != "" {
		array := goldentest.ReadArray(b, file)
		if array.Columns != dim {
			b.Fatalf("%s: rows of %d features: the model has %d", file, array.Columns, dim)
		}
		rows = array.Data
	}
	for _, count := range []int{1, 8, 64, 1024} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			s, out := m.NewScorer(), make([]float32, count*outputs)
			part := count * dim
			if part > len(rows) {
				b.Fatalf("%d rows are too few", len(rows)/dim)
			}
			b.ReportAllocs()
			for at := 0; b.Loop(); at += part {
				if at+part > len(rows) {
					at = 0
				}
				if err := s.Score(rows[at:at+part], dim, out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/row")
		})
	}
}
