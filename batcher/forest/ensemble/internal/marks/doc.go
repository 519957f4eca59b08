// Package marks scores up to 64 rows at once, by bit-vectors of leaves in bytes, with AVX2 or AVX-512.
// The README says how, with pictures.
//
// The ensemble makes a [Program] of trees whose nodes compare a rank in a column with a number, and
// [Splits] for each column. For some rows it loads their features into a [Tile], ranks them, and adds
// the values of the leaves to the sums of the rows:
//
//	tile.Use(count)
//	tile.Load(rows, stride, 8, count) // eight features of each row
//	tile.Rank(splits)                 // in the columns that look at them
//	tile.Ranked()                     // once all columns have their ranks
//	program.Add(tile, &sums)
//
// A single row has its ranks in a [Row], made by a [Ranking], and AddRow instead of Add.
//
// # Contract
//
//   - A sum gets one addition for each tree, in the order of the trees.
//   - The assembly reads and writes within the arguments, whatever the features and ranks are. A Builder
//     makes entries for columns up to the greatest that it was given, which Add compares with the tile,
//     and marks within marksBytes. A leaf that is left to a row is one of its tree's: no outcome of
//     the nodes clears the leaf to which it leads.
//   - Add allocates nothing. No function of the assembly runs for more than some 10 us, or 50 us where 256
//     rows walk through a tree of depth 256, as the Go scheduler cannot stop it.
package marks

//go:generate env GOWORK=off go -C gen run . -set avx2 -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg marks
//go:generate env GOWORK=off go -C gen run . -set avx512 -out ../avx512_amd64.s -stubs ../avx512_amd64.go -pkg marks
//go:generate env GOWORK=off go -C gen run . -set oblivious -out ../oblivious_amd64.s -stubs ../oblivious_amd64.go -pkg marks
//go:generate env GOWORK=off go -C gen run . -set walk -out ../walk_amd64.s -stubs ../walk_amd64.go -pkg marks
