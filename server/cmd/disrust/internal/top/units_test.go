package top

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestUnits(t *testing.T) {
	for got, want := range map[string]string{
		number(0): "0", number(7): "7", number(0.25): "0.25", number(99.96): "100", number(999): "999", number(999.7): "1.00 k",
		number(12345): "12.3 k", number(9.999e6): "10.0 M", number(none): "-", number(math.Inf(1)): "-", number(-1): "-",
		bytesOf(712e6): "712 MB", memoryOf(16 << 20): "16.0 MiB", memoryOf(1000): "0.98 KiB", whole(16384): "16384",
		blocks.duration(999): "999 ns", blocks.duration(1234): "1.23 µs", ascii.duration(1234): "1.23 us", blocks.duration(2.5e9): "2.50 s",
		percent(0.414): "41 %", percent(none): "-",
		since(-1): "0s", since(59 * time.Second): "59s", since(61 * time.Second): "1m01s", since(3 * time.Hour): "3h00m", since(100 * time.Hour): "4d04h",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestScaled: a figure is within half of its last digit of the value, and no wider than the columns that it has.
func TestScaled(t *testing.T) {
	exponents := map[string]float64{"": 0, "k": 3, "M": 6, "G": 9, "T": 12}
	rapid.Check(t, func(t *rapid.T) {
		x := math.Exp(rapid.Float64Range(0, math.Log(9e14)).Draw(t, "ln"))
		got := number(x)
		digits, unit, _ := strings.Cut(got, " ")
		v, err := strconv.ParseFloat(digits, 64)
		if exponent, ok := exponents[unit]; err != nil || !ok || math.Abs(v*math.Pow(10, exponent)-x) > 0.0051*x || utf8.RuneCountInString(got) > 7 {
			t.Fatalf("%v is written as %q", x, got)
		}
	})
}

// TestCut: the parts of a bar fill it, and none is further than a column from its share.
func TestCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Float64Range(0, 1).Draw(t, "a")
		b := rapid.Float64Range(0, 1-a).Draw(t, "b")
		columns, sum := rapid.IntRange(0, 200).Draw(t, "columns"), 0
		for i, n := range cut(columns, a, b, 1-a-b) {
			if want := float64(columns) * []float64{a, b, 1 - a - b}[i]; n < 0 || math.Abs(float64(n)-want) > 1 {
				t.Fatalf("part %d has %d columns, want %v", i, n, want)
			}
			sum += n
		}
		if sum != columns {
			t.Fatalf("%d columns of %d", sum, columns)
		}
	})
}

func TestLine(t *testing.T) {
	if got := blocks.line([]float64{0, none, 1, 4, 7.9, 8}, 8); got != "▁ ▂▅██" {
		t.Errorf("%q", got)
	}
	if got := ascii.line([]float64{0, none, 8, 0}, 8); got != "_ #_" {
		t.Errorf("%q", got)
	}
	if got := ascii.line([]float64{0, 0}, 0); got != "__" {
		t.Errorf("%q", got)
	}
}
