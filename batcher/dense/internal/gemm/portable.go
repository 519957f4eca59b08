package gemm

import "math"

// four is how many sums the portable kernel has in flight: as many as hide the time of an addition.
const four = 4

// portable multiplies with Go's own instructions: a row by four outputs at a time.
func (m *Matrix) portable(dst, src []float32) {
	for ; len(src) > 0; dst, src = dst[m.out:], src[m.in:] {
		row, weights := src[:m.in], m.weights
		dot := m.dot(row)
		for first := 0; first < m.out; first += 2 * four {
			width := min(2*four, len(m.bias)-first)
			for at := first; at < first+width; at += four {
				sums := dot(row, weights[at-first:], width)
				m.finish(dst[at:m.out], &sums, m.bias[at:])
			}
			weights = weights[width*m.in:]
		}
	}
}

// finish writes the outputs of four sums, or of those that there are.
func (m *Matrix) finish(dst []float32, sums *[four]float32, bias []float32) {
	for i := range min(len(dst), four) {
		y := fma(float64(m.alpha), float64(sums[i]), float64(bias[i]))
		if y < m.floor {
			y = m.floor
		}
		dst[i] = y
	}
}

// dot returns what multiplies a row by four columns of weights, whose numbers for the inputs lie so far apart.
func (m *Matrix) dot(row []float32) func(row, weights []float32, apart int) [four]float32 {
	switch {
	case fuses:
		return dotFused
	case smallest(row)*m.smallest >= wholeProduct:
		return dotWhole
	}
	return dotAny
}

// smallest returns the smallest magnitude of some numbers that are not 0.
func smallest(v []float32) float64 {
	const magnitude, infinity = 1<<31 - 1, 0x7f800000
	least := uint32(infinity - 1)
	for _, x := range v {
		least = min(least, math.Float32bits(x)&magnitude-1) // of 0, this is the greatest number
	}
	return float64(math.Float32frombits(least + 1))
}

// wholeProduct is 2^-131. A product that is not smaller has no digits below 2^-131-47. A sum of it and a
// float32 that is below 2^-126 then has at most 53 digits, and a float64 has them all.
const wholeProduct = 1.0 / (1 << 62) / (1 << 62) / (1 << 7)

// fuses reports whether the compiler fuses the operations of dotFused, as it does for arm64, s390x,
// ppc64le and riscv64. If it rounds the product instead, that is 1, and the sum 0.
var fuses = func() bool {
	const last = 1.0 / (1 << 23)
	w := float32(1 - last/2)
	sums := dotFused([]float32{-1, 1 + last}, []float32{1, 1, 1, 1, w, w, w, w}, four)
	for _, s := range sums {
		if s == 0 || s == last {
			return false
		}
	}
	return true
}()

//go:noinline
func dotFused(row, weights []float32, apart int) [four]float32 {
	var s0, s1, s2, s3 float32
	for _, x := range row {
		w := (*[four]float32)(weights)
		s0 += x * w[0]
		s1 += x * w[1]
		s2 += x * w[2]
		s3 += x * w[3]
		weights = weights[min(apart, len(weights)):]
	}
	return [four]float32{s0, s1, s2, s3}
}

// dotWhole does what dotFused does where no product is below wholeProduct.
func dotWhole(row, weights []float32, apart int) [four]float32 {
	var s0, s1, s2, s3 float64
	for _, x32 := range row {
		w, x := (*[four]float32)(weights), float64(x32)
		p0, p1, p2, p3 := x*float64(w[0]), x*float64(w[1]), x*float64(w[2]), x*float64(w[3])
		t0, t1, t2, t3 := p0+s0, p1+s1, p2+s2, p3+s3
		if halfway(t0) || halfway(t1) || halfway(t2) || halfway(t3) {
			t0, t1, t2, t3 = odd(t0, p0, s0), odd(t1, p1, s1), odd(t2, p2, s2), odd(t3, p3, s3)
		}
		s0, s1, s2, s3 = float64(float32(t0)), float64(float32(t1)), float64(float32(t2)), float64(float32(t3))
		weights = weights[min(apart, len(weights)):]
	}
	return [four]float32{float32(s0), float32(s1), float32(s2), float32(s3)}
}

// dotAny does what dotFused does.
func dotAny(row, weights []float32, apart int) [four]float32 {
	var sums [four]float32
	for _, x := range row {
		for i, w := range weights[:four] {
			sums[i] = fma(float64(x), float64(w), float64(sums[i]))
		}
		weights = weights[min(apart, len(weights)):]
	}
	return sums
}
