package metrics

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawValue draws a value of any size, often one at the edge of a bucket.
func drawValue(t *rapid.T) uint64 {
	value := rapid.Uint64Range(0, 1<<rapid.IntRange(0, valueBits).Draw(t, "bits")).Draw(t, "value")
	if rapid.Bool().Draw(t, "edge") {
		low, high := Bounds(Bucket(value))
		value = rapid.SampledFrom([]uint64{low, high, min(high+1, MostRecorded)}).Draw(t, "at")
	}
	return value
}

// TestBucketsMeet: each bucket begins where the one before ends, and has the values between its bounds. Its width
// is at most 1/64 of its values.
func TestBucketsMeet(t *testing.T) {
	next := uint64(0)
	for bucket := range Buckets {
		low, high := Bounds(bucket)
		if low != next || high < low || Bucket(low) != bucket || Bucket(high) != bucket {
			t.Fatalf("bucket %d has the values from %d to %d, which are in buckets %d and %d; the one before ends below %d", bucket, low, high, Bucket(low), Bucket(high), next)
		}
		if 64*(high-low) > low {
			t.Fatalf("bucket %d has the values from %d to %d", bucket, low, high)
		}
		next = high + 1
	}
	if next != MostRecorded+1 {
		t.Errorf("the last bucket ends with %d", next-1)
	}
}

// TestQuantiles: of any values, merged from any parts, each quantile is that of the sorted values, with a relative
// error of at most 1/128. Count and sum are exact.
func TestQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all, h := []uint64(nil), new(Histogram)
		for range rapid.IntRange(1, 3).Draw(t, "parts") {
			part := new(Histogram)
			for range rapid.IntRange(0, 100).Draw(t, "values") {
				value, times := drawValue(t), rapid.Uint64Range(1, 200).Draw(t, "times")
				part.Add(value, times)
				all = append(all, slices.Repeat([]uint64{value}, int(times))...)
			}
			h.Merge(part)
		}
		slices.Sort(all)
		sum := 0.0
		for _, v := range all {
			sum += float64(v)
		}
		if h.Count() != uint64(len(all)) || math.Abs(h.Sum-sum) > 1e-9*sum {
			t.Fatalf("%d values with the sum %v, want %d and %v", h.Count(), h.Sum, len(all), sum)
		}
		if len(all) == 0 {
			return
		}
		for _, q := range []float64{0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1, rapid.Float64Range(0, 1).Draw(t, "q")} {
			want := float64(all[max(0, int(math.Ceil(q*float64(len(all))))-1)])
			if got := h.Quantile(q); math.Abs(got-want) > want/128 {
				t.Fatalf("quantile %v is %v, want %v", q, got, want)
			}
		}
	})
}

// TestBeyondTheLast: a value that is too high counts as the highest. An empty histogram has the quantile 0.
func TestBeyondTheLast(t *testing.T) {
	h := new(Histogram)
	if q := h.Quantile(0.5); q != 0 {
		t.Errorf("the median of nothing is %v", q)
	}
	h.Add(math.MaxInt64, 1)
	if got := h.Quantile(1); math.Abs(got-MostRecorded) > MostRecorded/128 || h.Count() != 1 {
		t.Errorf("the highest value is %v, %d counted", got, h.Count())
	}
}
