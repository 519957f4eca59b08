package ensemble

// lanes is how many rows, or parts of a single row's trees, are in flight at once: a processor
// then works on one while it waits for the node or the number of another.
const lanes = 8

// steps is how many steps are taken before looking whether lanes have arrived.
const steps = 8

// right returns 1 if a row with number k goes right at the split, else 0. Compilers make no branch
// of it.
func right(split, k int32) uint32 {
	var side uint32
	if k > split {
		side = 1
	}
	return side
}

// walkRows takes the rows of one block from where they are until all have passed the nodes below
// stop, and adds the values on their way to their sums. numbers holds, for each column, the
// numbers of the rows. A row may go farther than others before the next call.
func walkRows[F float32 | float64](nodes []node, values []F, numbers [][lanes]int32, stop uint32, at *[lanes]uint32, sums *[lanes]F) {
	a, b, c, d, e, f, g, h := at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]
	s, t, u, v, w, x, y, z := sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6], sums[7]
	values = values[:len(nodes)]
	for min(a, b, c, d, e, f, g, h) < stop {
		for range steps {
			n := &nodes[a]
			s += values[a]
			a = n.next + right(n.split, numbers[n.column][0])
			n = &nodes[b]
			t += values[b]
			b = n.next + right(n.split, numbers[n.column][1])
			n = &nodes[c]
			u += values[c]
			c = n.next + right(n.split, numbers[n.column][2])
			n = &nodes[d]
			v += values[d]
			d = n.next + right(n.split, numbers[n.column][3])
			n = &nodes[e]
			w += values[e]
			e = n.next + right(n.split, numbers[n.column][4])
			n = &nodes[f]
			x += values[f]
			f = n.next + right(n.split, numbers[n.column][5])
			n = &nodes[g]
			y += values[g]
			g = n.next + right(n.split, numbers[n.column][6])
			n = &nodes[h]
			z += values[h]
			h = n.next + right(n.split, numbers[n.column][7])
		}
	}
	*at = [lanes]uint32{a, b, c, d, e, f, g, h}
	*sums = [lanes]F{s, t, u, v, w, x, y, z}
}

// walkParts takes one row through eight parts of the trees until at least one lane has passed the
// nodes below its stop. places gets the leaves that it reaches, each at its tree's slot; slot 0
// takes the places of other nodes.
func walkParts(nodes []node, numbers []int32, at, stop *[lanes]uint32, places []uint32) {
	a, b, c, d, e, f, g, h := at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]
	for a < stop[0] && b < stop[1] && c < stop[2] && d < stop[3] && e < stop[4] && f < stop[5] && g < stop[6] && h < stop[7] {
		for range steps {
			n := &nodes[a]
			places[n.slot] = a
			a = n.next + right(n.split, numbers[n.column])
			n = &nodes[b]
			places[n.slot] = b
			b = n.next + right(n.split, numbers[n.column])
			n = &nodes[c]
			places[n.slot] = c
			c = n.next + right(n.split, numbers[n.column])
			n = &nodes[d]
			places[n.slot] = d
			d = n.next + right(n.split, numbers[n.column])
			n = &nodes[e]
			places[n.slot] = e
			e = n.next + right(n.split, numbers[n.column])
			n = &nodes[f]
			places[n.slot] = f
			f = n.next + right(n.split, numbers[n.column])
			n = &nodes[g]
			places[n.slot] = g
			g = n.next + right(n.split, numbers[n.column])
			n = &nodes[h]
			places[n.slot] = h
			h = n.next + right(n.split, numbers[n.column])
		}
	}
	*at = [lanes]uint32{a, b, c, d, e, f, g, h}
}
