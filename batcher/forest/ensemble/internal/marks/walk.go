package marks

// WalkRows is how many leaves are found at once.
const WalkRows = 32

// WalkTogether is how many blocks of eight rows that are, or trees for one block.
const WalkTogether = WalkRows / Eight

// Walk takes WalkRows rows through a tree, in blocks of eight, and says which leaves they reach: the upper halves of
// their words. A node of a tree is a column in 16 bits, then the place of its left child in 16, then a split
// in 32: a row whose number in the column is above the split goes to the place behind that. The first node
// is the root. Leaves have the last column, whose numbers are the lowest, and lead to themselves. numbers
// has the columns of each of WalkTogether blocks, one block after the other.
//
// It needs AVX2. The caller warrants that no node leads beyond the tree or its columns, and that no leaf is
// far: the assembly does not stop before all rows are at leaves.
func Walk(nodes []uint64, numbers [][8]int32, columns int, leaves *[WalkRows]uint32) {
	stride := 32 * columns
	_ = numbers[WalkTogether*columns-1]
	walkRows(&nodes[0], &numbers[0][0], &[]int{stride, 2 * stride, 3 * stride}[0], columns-1, &leaves[0])
}

// WalkTrees takes a block through some trees, up to WalkTogether, whose first nodes are at these places. It
// waits for the memory of all of them at once.
func WalkTrees(nodes []uint64, first []uint32, numbers [][8]int32, leaves *[WalkRows]uint32) {
	last := len(numbers) - 1
	if len(first) == WalkTogether {
		var strides [WalkTogether - 1]int
		for i := range strides {
			strides[i] = 8 * (int(first[i+1]) - int(first[0]))
		}
		walkTrees(&nodes[first[0]], &numbers[0][0], &strides[0], last, &leaves[0])
		return
	}
	for i, at := range first {
		walkTree(&nodes[at], &numbers[0][0], &last, last, &leaves[Eight*i])
	}
}
