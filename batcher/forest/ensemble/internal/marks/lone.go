package marks

import (
	"math"
	"slices"
)

// lone is what a program has to score one row alone: the nodes of all its trees, in words. The README
// has a picture.
type lone struct {
	words  []uint32 // the first is a leaf, for lanes without a tree
	roots  []uint32 // the place of each tree's first word; up to a multiple of loneLanes
	values []uint32 // likewise, the place of its first value
	calls  []int    // up to which tree each call of the assembly goes: multiples of loneLanes
	trees  int

	// Only until the program is made.
	depths []int   // the greatest of each loneLanes trees
	queue  []int32 // of the last tree: its nodes, and ^leaf
}

const (
	// loneLanes is how many trees AVX-512 walks at once.
	loneLanes = 64

	// loneSteps is up to how many steps a call takes, each of all lanes. No tree is deeper than that.
	loneSteps = MaxLeaves
)

// A word is a node: the column, in 16 bits; the rank up to which rows go left; and how many words
// behind it its left child is. The right child follows the left one. A leaf is a word that no
// row leaves, and has its mark instead of a column.
const (
	splitShift = 16
	childShift = 24
	stay       = 0xff << splitShift // no rank is above that
)

// add adds a tree, level after level. So no child is more than 255 words behind its parent: each word
// between the two, and the parent itself, lead to a leaf of their own.
func (l *lone) add(nodes []Node, marks []uint32, values int) {
	if len(l.words) == 0 {
		l.words = append(l.words, stay)
	}
	l.roots, l.values = append(l.roots, uint32(len(l.words))), append(l.values, uint32(values))
	queue := append(l.queue[:0], 0)
	if len(nodes) == 0 {
		queue[0] = ^0
	}
	depth := -1
	for done := 0; done < len(queue); depth++ {
		for level := len(queue); done < level; done++ {
			at := queue[done]
			if at < 0 {
				l.words = append(l.words, stay|marks[^at])
				continue
			}
			n := &nodes[at]
			l.words = append(l.words, uint32(n.Column)|uint32(n.Rank)<<splitShift|uint32(len(queue)-done)<<childShift)
			queue = append(queue, n.Left, n.Right)
		}
	}
	if l.trees%loneLanes == 0 {
		l.depths = append(l.depths, 0)
	}
	l.depths[l.trees/loneLanes] = max(l.depths[l.trees/loneLanes], depth)
	l.trees++
	l.queue = queue
}

// program returns what was made of the trees since the last time. Lanes without a tree get the value at
// a place.
func (l *lone) program(nothing int) lone {
	p := lone{words: slices.Clone(l.words), trees: l.trees}
	size := len(l.depths) * loneLanes
	p.roots = append(make([]uint32, 0, size), l.roots...)[:size]
	p.values = append(make([]uint32, 0, size), l.values...)
	for len(p.values) < size {
		p.values = append(p.values, uint32(nothing))
	}
	steps := 0
	for i, depth := range l.depths {
		if steps += depth; i == 0 || steps > loneSteps {
			p.calls, steps = append(p.calls, 0), depth
		}
		p.calls[len(p.calls)-1] = (i + 1) * loneLanes
	}
	*l = lone{words: l.words[:0], roots: l.roots[:0], values: l.values[:0], depths: l.depths[:0], queue: l.queue}
	return p
}

func (l *lone) bytes() int { return bytes(l.words) + bytes(l.roots) + bytes(l.values) + bytes(l.calls) }

// walkTwin does what the assembly does with one row.
func walkTwin[F float32 | float64](l *lone, ranks []byte, values []F, sum F) F {
	for t, at := range l.roots[:l.trees] {
		w := l.words[at]
		for w>>childShift != 0 {
			at += w >> childShift
			if ranks[w&math.MaxUint16] > byte(w>>splitShift) {
				at++
			}
			w = l.words[at]
		}
		sum += values[l.values[t]+w&math.MaxUint16]
	}
	return sum
}
