package top

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Units of figures, from the smallest on.
var (
	counts1000 = []string{"", " k", " M", " G", " T"}
	bytes1000  = []string{" B", " kB", " MB", " GB", " TB"}
	bytes1024  = []string{" B", " KiB", " MiB", " GiB", " TiB"}
)

// unknown stands for a figure that is not known.
const unknown = "-"

// scaled writes x with three digits, in the unit in which it is below 1000. Each unit is step times the one before.
func scaled(x, step float64, units []string) string {
	if math.IsNaN(x) || math.IsInf(x, 0) || x < 0 {
		return unknown
	}
	i := 0
	for ; x >= 999.5 && i < len(units)-1; i++ {
		x /= step
	}
	if i == 0 && x == math.Trunc(x) {
		return strconv.Itoa(int(x)) + units[i]
	}
	decimals := 0
	switch {
	case x < 9.995:
		decimals = 2
	case x < 99.95:
		decimals = 1
	}
	return strconv.FormatFloat(x, 'f', decimals, 64) + units[i]
}

// whole writes a whole number with all its digits.
func whole(x float64) string {
	if math.IsNaN(x) {
		return unknown
	}
	return strconv.FormatFloat(x, 'f', 0, 64)
}

func number(x float64) string   { return scaled(x, 1000, counts1000) }
func bytesOf(x float64) string  { return scaled(x, 1000, bytes1000) }
func memoryOf(x float64) string { return scaled(x, 1024, bytes1024) }

// percent writes a share of one.
func percent(share float64) string {
	if math.IsNaN(share) {
		return unknown
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}

// since writes for how long something has lasted, in its two largest units.
func since(d time.Duration) string {
	d = max(0, d)
	days, hours := d/(24*time.Hour), d/time.Hour%24
	switch minutes, seconds := d/time.Minute%60, d/time.Second%60; {
	case days > 0:
		return fmt.Sprintf("%dd%02dh", days, hours)
	case hours > 0:
		return fmt.Sprintf("%dh%02dm", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%dm%02ds", minutes, seconds)
	default:
		return fmt.Sprintf("%ds", seconds)
	}
}
