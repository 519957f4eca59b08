package marks

import (
	"math/bits"
	"slices"
)

// fan is what a program has to score one row alone with AVX-512 if its trees are small: the marks of 16
// trees lie side by side, as those of rows do otherwise. The README has a picture.
type fan struct {
	chunks []chunk  // and one more, where those behind the last tree's would be
	counts []uint32 // of the chunks, for each fanTrees trees
}

// chunk is up to four nodes of each of 16 trees: node n of tree t is at 16*n+t.
type chunk struct {
	columns [fanNodes * fanTrees]byte // and in fanLeft whether it clears leaves of rows that go left
	splits  [fanNodes * fanTrees]byte // the ranks up to which rows go left
	leaves  [fanNodes * fanTrees]uint32
}

const (
	fanTrees  = 16
	fanNodes  = 4
	fanLeaves = 32 // that a tree may have
	fanLeft   = 0x80
	fanCall   = 1024 // up to how many trees go into a call of the assembly
)

// fanner makes fans.
type fanner struct {
	fan
	trees, nodes int // the node of the last tree
	unfit        bool
}

// begin begins a tree.
func (f *fanner) begin(leaves int) {
	if f.unfit = f.unfit || leaves > fanLeaves; f.unfit {
		return
	}
	if f.trees%fanTrees == 0 {
		f.counts = append(f.counts, 0)
	}
	f.trees++
	f.nodes = 0
}

// clear adds a node, which clears the leaves from first to before end.
func (f *fanner) clear(n *Node, left bool, first, end int) {
	if f.unfit = f.unfit || n.Column >= permuted; f.unfit {
		return
	}
	count := &f.counts[len(f.counts)-1]
	if f.nodes/fanNodes == int(*count) {
		f.chunks = append(f.chunks, chunk{})
		for i := range f.chunks[len(f.chunks)-1].leaves {
			f.chunks[len(f.chunks)-1].leaves[i] = 0xffffffff
		}
		*count++
	}
	c := &f.chunks[len(f.chunks)-int(*count)+f.nodes/fanNodes]
	at := f.nodes%fanNodes*fanTrees + (f.trees-1)%fanTrees
	c.columns[at], c.splits[at] = byte(n.Column), n.Rank
	if left {
		c.columns[at] |= fanLeft
	}
	c.leaves[at] = uint32(^(uint64(1)<<end - uint64(1)<<first))
	f.nodes++
}

// program returns the fan of the trees since the last time, or none if some do not fit.
func (f *fanner) program() (p fan) {
	if !f.unfit {
		p = fan{append(append(make([]chunk, 0, len(f.chunks)+1), f.chunks...), chunk{}), slices.Clone(f.counts)}
	}
	*f = fanner{fan: fan{f.chunks[:0], f.counts[:0]}}
	return p
}

func (f *fan) bytes() int { return bytes(f.chunks) + bytes(f.counts) }

// fanTwin does what the assembly does with one row.
func fanTwin[F float32 | float64](f *fan, firsts []uint32, ranks []byte, values []F, sum F) F {
	chunks := f.chunks
	for i, count := range f.counts {
		for tree := range fanTrees {
			left := ^uint32(0)
			for at := tree; at < int(count)*len(chunk{}.columns); at += fanTrees {
				c, at := &chunks[at/len(chunk{}.columns)], at%len(chunk{}.columns)
				if column := c.columns[at]; (ranks[column&^fanLeft] > c.splits[at]) != (column&fanLeft != 0) {
					left &= c.leaves[at]
				}
			}
			sum += values[int(firsts[fanTrees*i+tree])+bits.TrailingZeros32(left)]
		}
		chunks = chunks[count:]
	}
	return sum
}
