package marks

// WalkRows is how many rows Walk takes through a tree at once.
const WalkRows = 32

// Walk takes blocks of eight rows through a tree, up to WalkRows rows at once, and returns the upper halves
// of the leaves that they reach. A node of the tree is a column in 16 bits, then the place of its left child
// in 16, then a split in 32: a row whose number in the column is above the split goes to the next place.
// The first node is the root. Leaves have the last column, whose numbers are the lowest, and lead to
// themselves. numbers has the columns of each block, one after the other.
//
// It needs AVX2. The caller warrants that no node leads beyond the tree or its columns, and that no leaf is
// far: the assembly does not stop before all rows are at leaves.
func Walk(nodes []uint64, numbers [][8]int32, columns int, leaves *[WalkRows]uint32) {
	switch stride := 32 * columns; len(numbers) / columns {
	case 4:
		walk32(&nodes[0], &numbers[0][0], stride, columns-1, &leaves[0])
	default:
		for block := 0; block*columns < len(numbers); block++ {
			walk8(&nodes[0], &numbers[block*columns][0], stride, columns-1, &leaves[8*block])
		}
	}
}
