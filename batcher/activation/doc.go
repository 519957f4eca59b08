// Package activation holds the functions that small networks apply to each of their values.
//
// A function computes in float64 from additions, multiplications and divisions alone, and rounds
// once to float32. No product is fused with a sum. So the same value gives the same bits on every
// system, and the bits are those of the correctly rounded result for all but very few values: the
// error is at most 0.5001 ulp of a float32. The tests measure it, on demand for every float32.
//
// The functions are written here instead of taken from package math, whose results differ in
// the last bit from one processor to another.
package activation
