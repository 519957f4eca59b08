// Package dense scores rows with linear models and small networks, in an order of operations that
// is stated.
//
// The scores of a row depend on the row alone: not on the number of rows, its place among them,
// the goroutine or the processor.
//
// A [Network] is a model of layers. Between two layers a value is a float32. An [Affine] adds float32
// numbers with fused operations. Inside the other layers a number is a float64, and each layer says in
// which order it computes. Where the order is not the natural one, it is that of Sum in package activation;
// and there no product that is not exact is fused with a sum. A [Stage] is one layer by itself, for programs
// that put layers together in another way.
//
// NaN, infinities and numbers below the normal ones are values like any other: what IEEE 754 says
// of them holds.
package dense
