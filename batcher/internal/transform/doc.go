// Package transform turns sums of a model into the answers that its training library gives:
// probabilities, counts, classes.
//
// Functions that end in 32 compute in float32, as XGBoost does. Each has the same bits on every
// processor: no operation is left to an instruction that multiplies and adds with one rounding.
package transform
