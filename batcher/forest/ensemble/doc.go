// Package ensemble is the one engine for all tree ensembles.
//
// A loader reads a file of some format and hands the trees to a [Builder], which checks them
// and compiles them to a [Model]. The loader never sees the layout that rows are scored with.
//
//	b, err := ensemble.NewBuilder(ensemble.Config{Dim: 2, Groups: 1, Output: wire.Raw})
//	err = b.Add(&ensemble.Tree{
//		Nodes:  []ensemble.Node{{Feature: 1, Threshold: 0.5, Left: ^0, Right: ^1}},
//		Leaves: []float64{-1, 1},
//	})
//	m, err := b.Build()
//
// # Contract
//
//   - The leaves of a row are added in the order of the trees, in the precision that
//     Config.Sum names. Nothing is reordered, and no product is fused with a sum.
//   - The scores of a row depend on the row alone: not on the number of rows, its place
//     among them, the goroutine, the processor or the kernel.
//   - Score allocates nothing. What it needs is made by NewScorer.
//   - A tree is refused unless each node and each leaf has one parent. The builder's memory
//     is a small multiple of what it was given, and it does not recurse.
package ensemble
