package inspect

import "slices"

// mostBins bounds the lines of a histogram.
const mostBins = 16

// bins counts values in at most mostBins intervals of equal width, without empty ones.
func bins(values []int) []bin {
	all := []bin{}
	if len(values) == 0 {
		return all
	}
	values = slices.Sorted(slices.Values(values))
	low, high := values[0], values[len(values)-1]
	width := (high-low)/mostBins + 1
	for _, v := range values {
		begin := v - (v-low)%width
		if len(all) == 0 || all[len(all)-1].Low != begin {
			all = append(all, bin{Low: begin, High: min(begin+width-1, high)})
		}
		all[len(all)-1].Trees++
	}
	return all
}
