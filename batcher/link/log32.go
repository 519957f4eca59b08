package link

import "math"

// Log32 returns the natural logarithm of x, as XGBoost gets it from logf of the C library. A
// base score becomes a margin with it, so its last bit is in every score of a model: the
// correctly rounded logarithm is another number for one base score in 200.
//
// It is the algorithm of logf in glibc 2.28 and later (Arm Optimized Routines): 16 pairs of
// 1/c and log(c), and a polynomial of degree 3, all in double.
func Log32(x float32) float32 {
	switch {
	case x == 0:
		return float32(math.Inf(-1))
	case x != x, x < 0:
		return float32(math.NaN())
	case x > math.MaxFloat32:
		return x
	}
	ix := math.Float32bits(x)
	if ix < 1<<23 { // subnormal
		ix = math.Float32bits(x*(1<<23)) - 23<<23
	}
	tmp := ix - logOffset
	c := &logTable[tmp>>(23-4)&15]
	k := int32(tmp) >> 23
	z := float64(math.Float32frombits(ix - tmp&0xff800000))

	r := float64(z*c.inverse) - 1
	y0 := c.log + float64(float64(k)*math.Ln2)
	r2 := float64(r * r)
	y := float64(logA1*r) + logA2
	y = float64(logA0*r2) + y
	y = float64(y*r2) + (y0 + r)
	return float32(y)
}

const (
	logOffset = 0x3f330000 // the bits of the smallest z
	logA0     = -0x1.00ea348b88334p-2
	logA1     = 0x1.5575b0be00b6ap-2
	logA2     = -0x1.ffffef20a4123p-2
)

// logTable has an entry for each 16th of [0x1.66p-1, 0x1.66p0): a number c near its middle,
// as 1/c and log(c).
var logTable = [16]struct{ inverse, log float64 }{
	{0x1.661ec79f8f3bep+0, -0x1.57bf7808caadep-2},
	{0x1.571ed4aaf883dp+0, -0x1.2bef0a7c06ddbp-2},
	{0x1.49539f0f010bp+0, -0x1.01eae7f513a67p-2},
	{0x1.3c995b0b80385p+0, -0x1.b31d8a68224e9p-3},
	{0x1.30d190c8864a5p+0, -0x1.6574f0ac07758p-3},
	{0x1.25e227b0b8eap+0, -0x1.1aa2bc79c81p-3},
	{0x1.1bb4a4a1a343fp+0, -0x1.a4e76ce8c0e5ep-4},
	{0x1.12358f08ae5bap+0, -0x1.1973c5a611cccp-4},
	{0x1.0953f419900a7p+0, -0x1.252f438e10c1ep-5},
	{0x1p+0, 0x0p+0},
	{0x1.e608cfd9a47acp-1, 0x1.aa5aa5df25984p-5},
	{0x1.ca4b31f026aap-1, 0x1.c5e53aa362eb4p-4},
	{0x1.b2036576afce6p-1, 0x1.526e57720db08p-3},
	{0x1.9c2d163a1aa2dp-1, 0x1.bc2860d22477p-3},
	{0x1.886e6037841edp-1, 0x1.1058bc8a07ee1p-2},
	{0x1.767dcf5534862p-1, 0x1.4043057b6ee09p-2},
}
