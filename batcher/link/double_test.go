package link

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// bigExp returns e**x to some 150 bits.
func bigExp(x float64) *big.Float {
	const halvings = 16
	r := new(big.Float).SetPrec(200).SetFloat64(x)
	r.SetMantExp(r, -halvings)
	sum, term := big.NewFloat(1).SetPrec(200), big.NewFloat(1).SetPrec(200)
	for n := 1; n < 40; n++ {
		term.Mul(term, r)
		term.Quo(term, big.NewFloat(float64(n)))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

// ulps returns how far got is from want, in units of the last place of got.
func ulps(got float64, want *big.Float) float64 {
	d := new(big.Float).SetPrec(200).SetFloat64(got)
	d.Sub(d, want)
	unit := math.Nextafter(math.Abs(got), math.Inf(1)) - math.Abs(got)
	d.Quo(d, big.NewFloat(unit))
	f, _ := d.Float64()
	return math.Abs(f)
}

// sums returns sums of all sizes that the functions tell apart, both signs.
func sums(count int) []float64 {
	r := rand.New(rand.NewPCG(1, 2))
	all := []float64{0, 1, -1, 700, -700, math.Ln2 / 2, -math.Ln2 / 2, 709.7, -708.3}
	for range count {
		x := math.Ldexp(1+r.Float64(), r.IntN(70)-60)
		if x > 709 {
			x = 709 * r.Float64()
		}
		all = append(all, x, -x)
	}
	return all
}

func TestExp(t *testing.T) {
	worst := 0.0
	for _, x := range sums(2000) {
		worst = max(worst, ulps(exp(x), bigExp(x)))
	}
	if t.Logf("exp: at most %.3f ulp", worst); worst > 0.8 {
		t.Errorf("exp: %v ulp, more than is said", worst)
	}
}

func TestLog1pExp(t *testing.T) {
	worst := 0.0
	for _, x := range sums(2000) {
		if x < -60 { // the answer is exp(x)
			continue
		}
		// e**y is to be 1 + e**x, and an error of y makes e**y wrong by e**y times that.
		y := log1pExp(x)
		want := bigExp(x)
		want.Add(want, big.NewFloat(1))
		wrong := new(big.Float).Sub(bigExp(y), want)
		f, _ := wrong.Quo(wrong, want).Float64()
		worst = max(worst, math.Abs(f)/(math.Nextafter(y, math.Inf(1))-y))
	}
	if t.Logf("log1pExp: at most %.3f ulp", worst); worst > 3 {
		t.Errorf("log1pExp: %v ulp, more than is said", worst)
	}
}

// TestMonotone looks at neighbours, where an error would show.
func TestMonotone(t *testing.T) {
	for name, f := range map[string]func(float64) float64{
		"exp": exp, "log1pExp": log1pExp, "sigmoid": func(x float64) float64 { return sigmoid(x, 1) },
	} {
		for _, x := range sums(100000) {
			y := math.Nextafter(x, math.Inf(1))
			if float32(f(x)) > float32(f(y)) {
				t.Fatalf("%s falls from %v to %v", name, x, y)
			}
		}
	}
}

func TestExtremes(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name      string
		f         func(float64) float64
		x, answer float64
	}{
		{"exp", exp, inf, inf}, {"exp", exp, -inf, 0}, {"exp", exp, 710, inf}, {"exp", exp, -746, 0}, {"exp", exp, nan, nan},
		{"exp", exp, 0, 1}, {"exp", exp, -745, 5e-324},
		{"log1pExp", log1pExp, inf, inf}, {"log1pExp", log1pExp, -inf, 0}, {"log1pExp", log1pExp, 800, inf},
		{"log1pExp", log1pExp, nan, nan}, {"log1pExp", log1pExp, -100, exp(-100)},
		{"signedSquare", signedSquare, -3, -9}, {"signedSquare", signedSquare, 3, 9},
	} {
		if got := c.f(c.x); got != c.answer && (got == got || c.answer == c.answer) {
			t.Errorf("%s(%v) = %v, want %v", c.name, c.x, got, c.answer)
		}
	}
}
