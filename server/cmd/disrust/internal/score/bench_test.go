package score

import (
	"io"
	"slices"
	"testing"

	"github.com/disrust/disrust/batcher/forest"
)

// BenchmarkScore scores files of a small model: what is not the model shows.
func BenchmarkScore(b *testing.B) {
	f := load(b, "lightgbm/lgb_binary", forest.Options{})
	rows := slices.Repeat(f.rows, 1000)
	for _, file := range []string{put(b, "rows.npy", npyRows(rows, 8)), put(b, "rows.csv", csvRows(rows, 8))} {
		for _, out := range []string{"scores.npy", "scores.csv"} {
			b.Run(file[len(file)-3:]+" to "+out[len(out)-3:], func(b *testing.B) {
				args := []string{f.path, file, "-o", put(b, out, nil)}
				for b.Loop() {
					if status := Command.Run(b.Context(), args, io.Discard, io.Discard); status != 0 {
						b.Fatal(status)
					}
				}
				b.ReportMetric(float64(b.N)*float64(len(rows)/8)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}
