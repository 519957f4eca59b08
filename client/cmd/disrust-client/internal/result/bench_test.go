package result

import (
	"testing"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
)

func BenchmarkAddInterval(b *testing.B) {
	b.ReportAllocs()
	s := sample.Interval{At: time.Second, Length: time.Second, Requests: 100_000, Latency: histogram(b, spread(100_000, 20)...)}
	for b.Loop() {
		r := Run{}
		r.AddInterval(s)
	}
}
