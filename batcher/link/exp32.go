package link

import "math"

// exp32 returns e to the power of x, as XGBoost gets it from expf of the C library.
//
// It is the algorithm of expf in glibc 2.28 and later (Arm Optimized Routines): one reduction
// to [-ln2/64, ln2/64], 32 powers of two and a polynomial of degree 3, all in double. The
// error is at most 0.51 ulp, and the function is monotone, as the README of
// batcher/forest/xgboost says.
func exp32(x float32) float32 {
	switch {
	case x != x:
		return x
	case x > expOverflow:
		return float32(math.Inf(1))
	case x < expUnderflow:
		return 0
	}
	z := float64(expScale * float64(x))
	k := math.RoundToEven(z)
	r := z - k
	n := int64(k)
	s := math.Float64frombits(expPowers[n&31] + uint64(n)<<(52-5))
	p := float64(expC0*r) + expC1
	r2 := float64(r * r)
	y := float64(expC2*r) + 1
	y = float64(p*r2) + y
	return float32(y * s)
}

const (
	expOverflow  = 0x1.62e42ep6  // the largest x with a finite e**x
	expUnderflow = -0x1.9fe368p6 // below it e**x rounds to 0
	expScale     = 0x1.71547652b82fep+0 * 32
	expC0        = 0x1.c6af84b912394p-5 / 32 / 32 / 32
	expC1        = 0x1.ebfce50fac4f3p-3 / 32 / 32
	expC2        = 0x1.62e42ff0c52d6p-1 / 32
)

// expPowers are the bits of 2**(i/32), less i<<47. So adding n<<47, where n&31 is i, gives the
// bits of 2**(n/32).
var expPowers = [32]uint64{
	0x3ff0000000000000, 0x3fefd9b0d3158574, 0x3fefb5586cf9890f, 0x3fef9301d0125b51,
	0x3fef72b83c7d517b, 0x3fef54873168b9aa, 0x3fef387a6e756238, 0x3fef1e9df51fdee1,
	0x3fef06fe0a31b715, 0x3feef1a7373aa9cb, 0x3feedea64c123422, 0x3feece086061892d,
	0x3feebfdad5362a27, 0x3feeb42b569d4f82, 0x3feeab07dd485429, 0x3feea47eb03a5585,
	0x3feea09e667f3bcd, 0x3fee9f75e8ec5f74, 0x3feea11473eb0187, 0x3feea589994cce13,
	0x3feeace5422aa0db, 0x3feeb737b0cdc5e5, 0x3feec49182a3f090, 0x3feed503b23e255d,
	0x3feee89f995ad3ad, 0x3feeff76f2fb5e47, 0x3fef199bdd85529c, 0x3fef3720dcef9069,
	0x3fef5818dcfba487, 0x3fef7c97337b9b5f, 0x3fefa4afa2a490da, 0x3fefd0765b6e4540,
}
