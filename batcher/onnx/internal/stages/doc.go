// Package stages has the stages of a pipeline that are no trees. Each computes the values of a row
// from those of the same row and from constants, in an order that is the same for every row.
package stages
