// Package link holds the last step of a model: the inverse link functions that turn its sums
// into what its library's usual call answers.
//
// The functions are written here instead of taken from package math, whose results differ in
// the last bit from one processor to another. No product is fused with a sum. So the same sum
// gives the same bits on every machine, for one row as for many.
//
// A [Func] says what it computes and in which precision. Functions without a suffix compute in
// float64, as LightGBM does; those that end in 32 compute in float32, as XGBoost does.
package link
