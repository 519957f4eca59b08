package page

import (
	"bytes"
	"testing"
	"time"
)

func BenchmarkWrite(b *testing.B) {
	b.ReportAllocs()
	r := measurement(b, "before", 1, 120*time.Microsecond, 8)
	for b.Loop() {
		if err := Write(&bytes.Buffer{}, r); err != nil {
			b.Fatal(err)
		}
	}
}
