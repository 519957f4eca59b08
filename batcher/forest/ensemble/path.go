package ensemble

// Step is a node that a row passes in a tree.
type Step struct {
	Node int // of Tree.Nodes
	Left bool
}

// Path appends the nodes that a row passes in a tree to steps. It returns the extended slice, and
// the leaf of Tree.Leaves at which the row arrives.
func (r *Record) Path(steps []Step, tree int, row []float32) (path []Step, leaf int) {
	root := ^int32(0)
	if len(r.Trees[tree].Nodes) > 0 {
		root = 0
	}
	return r.PathFrom(steps, tree, root, row)
}

// PathFrom is Path from a node on, or from ^leaf.
func (r *Record) PathFrom(steps []Step, tree int, at int32, row []float32) (path []Step, leaf int) {
	t := &r.Trees[tree]
	for at >= 0 {
		n := &t.Nodes[at]
		left := n.left(r.Config.snapped(row[n.Feature]))
		steps = append(steps, Step{int(at), left})
		if left {
			at = n.Left
		} else {
			at = n.Right
		}
	}
	return steps, int(^at)
}

func (c *Config) snapped(x float32) float32 {
	if c.SnapZero && x >= -Tiny && x <= Tiny {
		return 0
	}
	return x
}

// left reports whether feature x goes left at n.
func (n *Node) left(x float32) bool {
	zero := x >= -Tiny && x <= Tiny && n.Missing >= ZeroRight
	switch {
	case x == x && !zero:
	case n.Missing == NaNZero:
		x = 0
	default:
		return n.Missing == NaNLeft || n.Missing == ZeroLeft
	}
	switch n.Test {
	case UpTo:
		return x <= n.Threshold
	case Below:
		return x < n.Threshold
	case In:
		return x > -1 && n.has(x)
	default:
		return x < 0 || x >= 1<<24 || !n.has(x)
	}
}

// has reports whether the integer part of x is in the set of n.
func (n *Node) has(x float32) bool {
	c := int64(min(x, 1<<40))
	return c < int64(32*len(n.Set)) && n.Set[c/32]>>(c%32)&1 == 1
}
