package live

import (
	"io"
	"testing"
	"time"

	"github.com/disrust/disrust/client/drive/sample"
)

func BenchmarkInterval(b *testing.B) {
	b.ReportAllocs()
	v := New(io.Discard, io.Discard, true, time.Hour, false)
	h := sample.NewHistogram()
	for n := range int64(1000) {
		if err := h.RecordValue(n * 1000); err != nil {
			b.Fatal(err)
		}
	}
	s := sample.Interval{At: time.Second, Length: time.Second, Requests: 1000, Latency: h}
	for b.Loop() {
		v.Interval(s)
	}
}
