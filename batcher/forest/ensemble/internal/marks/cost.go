package marks

// What the loops take, in about half cycles of a processor of 2023.
const (
	entryOf64, unitOf64 = 4, 20 // clear, and lowest
	entryOf32, unitOf32 = 3, 12
	treeOf16, treeOf8   = 28, 24 // add
	rankOf8, rankOf32   = 50, 40 // a column
)

// work is what there is to do for the trees of a program, once for all rows of a tile.
type work struct{ entries, units, trees int }

func (w work) plus(parts []part) work {
	for i := range parts {
		w.trees += len(parts[i].trees) - 1
		words := parts[i].words
		for len(words) > 2 {
			entries, units := int(words[0]), int(words[1])
			w.units += units
			w.entries += units * entries
			words = words[2+units*(1+3*entries):]
		}
	}
	return w
}

// Cost returns about what Add takes for so many rows, in a unit that RankCost shares.
func (p *Program[F]) Cost(rows int) int {
	switch w := p.wideWork; {
	case rows <= Eight:
		w = p.narrowWork
		return entryOf32*w.entries + unitOf32*w.units + treeOf8*w.trees
	case rows <= Rows/2:
		return entryOf32*w.entries + unitOf32*w.units + treeOf16*w.trees*((rows+15)/16)
	default:
		return entryOf64*w.entries + unitOf64*w.units + treeOf16*w.trees*((rows+15)/16)
	}
}

// RankCost returns about what it takes to rank so many rows in so many columns.
func RankCost(columns, rows int) int {
	return columns * (rankOf8*((rows+7)/8) + rankOf32*((rows+31)/32))
}
