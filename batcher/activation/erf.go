package activation

import "math"

// erfcLimit is where erfc has long been 0 as a float32, also after a multiplication by the
// largest x that gelu has there.
const erfcLimit = 11

// erfcSeries approximate (1+2z) * exp(z*z) * erfc(z) for 0 <= z <= erfcLimit, as a polynomial of
// t = (z-erfcMiddle)/(z+erfcMiddle), with an error below 2**-42. The form is that of M. Shepherd
// and J. Laframboise, "Chebyshev approximation of (1+2x)exp(x**2)erfc x" (1981); the
// coefficients are from Chebyshev interpolation with 50 digits.
var erfcSeries = [...]float64{
	-4.065279686556277e-06, -1.2505212904897593e-05, 2.4093728551714757e-05, 5.308798665654947e-05,
	-0.00029033537496585786, 0.00029322481399823787, 0.0017555696272421603, -0.00974650483420887,
	0.028362292423025393, -0.05869340409849853, 0.09230431995034956, -0.10880392996512642,
	0.08227673852272087, 0.0035854154839248774, -0.1402405985857048, 1.237512630837825,
}

const erfcMiddle = 3.75

// erfc returns 1 - erf(z) for z >= 0, with an error that is small beside it.
func erfc(z float64) float64 {
	z = min(z, erfcLimit)
	t := (z - erfcMiddle) / (z + erfcMiddle)
	p := erfcSeries[0]
	for _, c := range erfcSeries[1:] {
		p = float64(p*t) + c
	}
	return exp(-float64(z*z)) * p / (1 + 2*z)
}

// erfSeries approximate erf(x)/x for |x| <= 1, as a polynomial of x*x, with an error below
// 2**-45. They are from Chebyshev interpolation with 50 digits.
var erfSeries = [...]float64{
	-1.0469110332151208e-07, 1.5306373163641084e-06, -1.4795031400662045e-05, 0.00012046261269779797,
	-0.0008547933736519633, 0.0052239671935439, -0.026866169050599326, 0.11283791658548713,
	-0.37612638902808615, 1.128379167095494,
}

func erf(x float64) float64 {
	if math.Abs(x) > 1 {
		return math.Copysign(1-erfc(math.Abs(x)), x)
	}
	z := float64(x * x)
	p := erfSeries[0]
	for _, c := range erfSeries[1:] {
		p = float64(p*z) + c
	}
	return x * p
}

// gelu goes to 0 on the left, where 1 + erf would lose every digit: it uses erfc there.
func gelu(x float64) float64 {
	x = left(x)
	tail := erfc(math.Abs(float64(x * (math.Sqrt2 / 2))))
	if x < 0 {
		return x / 2 * tail
	}
	return x / 2 * (2 - tail)
}

// geluTanh uses that (1+tanh(u))/2 is the sigmoid of 2u.
func geluTanh(x float64) float64 {
	const twice = 2 * math.Sqrt2 / math.SqrtPi
	x = left(x)
	cube := float64(float64(x*x) * x)
	return x / (1 + exp(-float64(twice*(x+float64(0.044715*cube)))))
}
