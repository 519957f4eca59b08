package top

import (
	"github.com/disrust/disrust/server/admin"
	"github.com/disrust/disrust/server/metrics"
)

// difference returns what was counted between two readings of one histogram of a server. It is not ok if a
// count has shrunk: the two are of different processes.
func difference(before, now admin.Distribution) (h *metrics.Histogram, ok bool) {
	h = new(metrics.Histogram)
	for i, count := range counts(now) {
		h.Counts[i] = count
	}
	for i, count := range counts(before) {
		if h.Counts[i] < count {
			return nil, false
		}
		h.Counts[i] -= count
	}
	h.Sum = now.Sum - before.Sum
	return h, true
}

// counts returns the counts of a histogram by its buckets. An end without a count, which no server says, counts
// nothing.
func counts(d admin.Distribution) map[int]uint64 {
	all := make(map[int]uint64, len(d.Counts))
	for i := range min(len(d.UpTo), len(d.Counts)) {
		all[metrics.Bucket(d.UpTo[i])] += d.Counts[i]
	}
	return all
}
