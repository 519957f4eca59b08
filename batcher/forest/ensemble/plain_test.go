package ensemble

import "math"

// plain returns the value of the leaf that row x reaches.
func plain(c *Config, t *Tree, x []float32) float64 {
	at := ^int32(0)
	if len(t.Nodes) > 0 {
		at = 0
	}
	for at >= 0 {
		n := &t.Nodes[at]
		if n.left(snapped(c, x[n.Feature])) {
			at = n.Left
		} else {
			at = n.Right
		}
	}
	if t.Linear == nil {
		return t.Leaves[^at]
	}
	l := &t.Linear[^at]
	sum := l.Const
	for _, term := range l.Terms {
		f := snapped(c, x[term.Feature])
		if f != f {
			return t.Leaves[^at]
		}
		sum += float64(term.Coeff * float64(f))
	}
	return sum
}

func snapped(c *Config, x float32) float32 {
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
	c := math.Trunc(float64(x))
	return c < float64(32*len(n.Set)) && n.Set[int(c)/32]>>(int(c)%32)&1 == 1
}
