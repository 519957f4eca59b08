package result

import (
	"bytes"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"

	"github.com/disrust/disrust/client/drive/sample"
)

// small returns a histogram with a small range, which is quick to encode.
func small() *hdrhistogram.Histogram { return hdrhistogram.New(1, mostSmall, 2) }

const mostSmall = 1_000_000

// TestStoredMerges: whatever is recorded, the intervals read back from JSON merge into the
// total's histogram, value by value.
func TestStoredMerges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, all := &Run{}, sample.Interval{Latency: small()}
		seconds := rapid.SliceOfN(rapid.SliceOfN(rapid.Int64Range(0, mostSmall), 0, 20), 0, 4).Draw(t, "seconds")
		for _, values := range seconds {
			s := sample.Interval{Length: time.Second, Requests: int64(len(values)), Latency: small()}
			for _, v := range values {
				if err := s.Latency.RecordValue(v); err != nil {
					t.Fatal(err)
				}
			}
			r.AddInterval(s)
			all.Latency.Merge(s.Latency)
			s.Latency.Reset() // the generator may reuse it
		}
		r.Total = NewTotal(sample.Total{Interval: all})

		var b bytes.Buffer
		if err := r.WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		read, err := ReadJSON(&b)
		if err != nil {
			t.Fatal(err)
		}
		merged := small()
		for _, i := range read.Intervals {
			h, err := i.Latency.Histogram.Decode()
			if err != nil {
				t.Fatal(err)
			}
			merged.Merge(h)
		}
		total, err := read.Total.Latency.Histogram.Decode()
		if err != nil {
			t.Fatal(err)
		}
		if !merged.Equals(total) || !total.Equals(all.Latency) {
			t.Fatalf("%d values merged, %d in the total, %d recorded", merged.TotalCount(), total.TotalCount(), all.Latency.TotalCount())
		}
	})
}

func FuzzReadJSON(f *testing.F) {
	f.Add(stored(f, closedLoop(f)))
	f.Add(stored(f, sweep(f)))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ReadJSON(bytes.NewReader(text))
		if err != nil {
			return
		}
		var b bytes.Buffer
		for _, write := range []func() error{
			func() error { return r.WriteText(&b) },
			func() error { return r.WriteCSV(&b) },
			func() error { return r.WriteHDR(&b) },
		} {
			if err := write(); err != nil {
				t.Errorf("what was read cannot be written: %v", err)
			}
		}
	})
}
