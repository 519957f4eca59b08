//go:build linux

package main

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestBuckets: every wait lies in its bucket, which is not too wide.
func TestBuckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wait := time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "wait"))
		i := bucket(wait)
		if top := ceiling(i); top < wait || float64(top-wait) > float64(wait)/32 {
			t.Fatalf("%d is in bucket %d, up to %d", wait, i, top)
		}
		if i > 0 && ceiling(i-1) >= wait {
			t.Fatalf("%d is in bucket %d and in the one below", wait, i)
		}
	})
}

func TestQuantiles(t *testing.T) {
	var low, h histogram
	for i := range 1000 {
		low.add(time.Duration(i))
		h.add(time.Duration(1000 + i))
	}
	h.merge(&low)
	for q, want := range map[float64]time.Duration{0: 0, 0.25: 500, 0.5: 1000, 0.9: 1800, 0.999: 1998, 1: 1999} {
		if got := h.quantile(q); got < want || got > want+want/32 {
			t.Errorf("quantile %v is %d, want %d", q, got, want)
		}
	}
	if empty := new(histogram); empty.quantile(0.5) != 0 {
		t.Errorf("the median of nothing is %v", empty.quantile(0.5))
	}
}
