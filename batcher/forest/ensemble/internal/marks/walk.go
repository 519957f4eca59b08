package marks

// WalkRows is how many leaves are found at once, at most.
const WalkRows = 4 * Rows

// Together is how many trees eight rows walk through at once, and TogetherAlone how many a single row does.
const (
	Together      = 4
	TogetherAlone = Eight * Together
)

// Forest is trees that are walked, all their nodes in one slice. A node is a column times 4 in 16 bits, then the
// place of its left child in 16, counted from its tree's root, then a split in 32: a row whose number in the
// column is above the split goes to the place behind that. Leaves have the last column, whose numbers are
// the lowest, and lead to themselves; a leaf that is found is what it has in place of a split.
//
// The functions need AVX2. The caller warrants that no node leads beyond the tree or its columns, and that
// no leaf is far: the assembly does not stop before all rows are at leaves.
type Forest struct{ Nodes []uint64 }

// Walk takes blocks of eight rows, at most WalkRows in all, through the tree whose root is at a place.
// numbers has the columns of each block, one block after the other. sure is a number of steps after which it
// is worth looking whether all rows are at leaves.
func (f Forest) Walk(root, next, end uint32, sure int, numbers [][8]int32, columns int, leaves *[WalkRows]uint32) {
	blocks := len(numbers) / columns
	if blocks > WalkRows/Eight {
		panic("marks: too many rows walk at once")
	}
	lines := int(end-next)/8/blocks + 1
	walkRows(&f.Nodes[root], &numbers[0][0], 32*columns, 4*(columns-1), sure, blocks, &f.Nodes[min(int(next), len(f.Nodes)-1)], lines, &leaves[0])
}

// WalkTrees takes eight rows through the trees with these roots: Together of them, or fewer.
func (f Forest) WalkTrees(roots []uint32, numbers [][8]int32, leaves *[WalkRows]uint32) {
	var all [Together]uint32
	repeat(all[:], roots)
	walkTrees(&f.Nodes[0], &all[0], &numbers[0][0], 4*(len(numbers)-1), &leaves[0])
}

// WalkRow takes one row through the trees with these roots: TogetherAlone of them, or fewer.
func (f Forest) WalkRow(roots []uint32, numbers []int32, leaves *[WalkRows]uint32) {
	var all [TogetherAlone]uint32
	repeat(all[:], roots)
	walkRow(&f.Nodes[0], &all[0], &numbers[0], 4*(len(numbers)-1), &leaves[0])
}

// repeat fills to with roots, and what is left with the last of them.
func repeat(to, roots []uint32) {
	for i := copy(to, roots); i < len(to); i++ {
		to[i] = roots[len(roots)-1]
	}
}
