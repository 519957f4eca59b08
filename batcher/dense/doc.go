// Package dense scores rows with linear models, in an order of operations that is stated.
//
// The scores of a row depend on the row alone: not on the number of rows, its place among them,
// the goroutine or the processor.
package dense
