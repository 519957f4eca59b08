package ensemble

import "math"

// lanes is how many rows, or trees for a single row, are in flight at once: a processor then
// works on one while it waits for the node or the number of another.
const lanes = 8

// stride is how many steps are taken before looking whether all lanes have reached leaves.
// Most trees are no deeper.
const stride = 12

// step returns where the row with number k goes from n, without a branch.
func (n *node) step(k int32) uint32 {
	return n.next + uint32(uint64(int64(n.split)-int64(k))>>63)
}

// rows takes the rows of one block from the root of a tree to their leaves. numbers holds, for
// each column, the numbers of the rows.
func (t *tree) rows(nodes []node, numbers [][lanes]int32) [lanes]uint32 {
	a, b, c, d := t.root, t.root, t.root, t.root
	e, f, g, h := a, b, c, d
	for left := int(t.depth); left > 0; {
		for range min(left, stride) {
			n := &nodes[a]
			a = n.step(numbers[n.column][0])
			n = &nodes[b]
			b = n.step(numbers[n.column][1])
			n = &nodes[c]
			c = n.step(numbers[n.column][2])
			n = &nodes[d]
			d = n.step(numbers[n.column][3])
			n = &nodes[e]
			e = n.step(numbers[n.column][4])
			n = &nodes[f]
			f = n.step(numbers[n.column][5])
			n = &nodes[g]
			g = n.step(numbers[n.column][6])
			n = &nodes[h]
			h = n.step(numbers[n.column][7])
		}
		left -= stride
		if left > 0 && arrived(nodes, a, b, c, d) && arrived(nodes, e, f, g, h) {
			break
		}
	}
	return [lanes]uint32{a, b, c, d, e, f, g, h}
}

// trees takes one row from the roots of eight trees to its leaves, at most depth steps.
func walkTrees(nodes []node, numbers []int32, depth int, at *[lanes]uint32) {
	a, b, c, d := at[0], at[1], at[2], at[3]
	e, f, g, h := at[4], at[5], at[6], at[7]
	for left := depth; left > 0; {
		for range min(left, stride) {
			n := &nodes[a]
			a = n.step(numbers[n.column])
			n = &nodes[b]
			b = n.step(numbers[n.column])
			n = &nodes[c]
			c = n.step(numbers[n.column])
			n = &nodes[d]
			d = n.step(numbers[n.column])
			n = &nodes[e]
			e = n.step(numbers[n.column])
			n = &nodes[f]
			f = n.step(numbers[n.column])
			n = &nodes[g]
			g = n.step(numbers[n.column])
			n = &nodes[h]
			h = n.step(numbers[n.column])
		}
		left -= stride
		if left > 0 && arrived(nodes, a, b, c, d) && arrived(nodes, e, f, g, h) {
			break
		}
	}
	*at = [lanes]uint32{a, b, c, d, e, f, g, h}
}

// arrived reports whether these nodes are leaves.
func arrived(nodes []node, a, b, c, d uint32) bool {
	return min(nodes[a].split, nodes[b].split, nodes[c].split, nodes[d].split) == math.MaxInt32
}
