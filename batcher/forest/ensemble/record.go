package ensemble

import "slices"

// Record is what a model was built from. It says how a row gets its score, which the model itself
// no longer knows: the model keeps neither the nodes' numbers nor the tests as the file has them.
type Record struct {
	Config Config
	Trees  []Tree // in the order in which they were added
}

// start begins the record of another model. It is nil if nothing is to be recorded.
func (r *Record) start(c Config) {
	if r != nil {
		c.Record = nil
		*r = Record{Config: c}
	}
}

// add adds a copy of a tree: the loader may reuse what it refers to.
func (r *Record) add(t *Tree) {
	if r == nil {
		return
	}
	c := *t
	c.Nodes = slices.Clone(t.Nodes)
	for i := range c.Nodes {
		c.Nodes[i].Set = slices.Clone(c.Nodes[i].Set)
	}
	c.Leaves = slices.Clone(t.Leaves)
	c.Linear = slices.Clone(t.Linear)
	for i := range c.Linear {
		c.Linear[i].Terms = slices.Clone(c.Linear[i].Terms)
	}
	c.NodeNumbers = slices.Clone(t.NodeNumbers)
	c.LeafNumbers = slices.Clone(t.LeafNumbers)
	r.Trees = append(r.Trees, c)
}

// Value returns the value of a leaf for a row.
func (r *Record) Value(tree, leaf int, row []float32) float64 {
	t := &r.Trees[tree]
	if t.Linear == nil {
		return t.Leaves[leaf]
	}
	l := &t.Linear[leaf]
	sum := l.Const
	for _, term := range l.Terms {
		x := r.Config.snapped(row[term.Feature])
		if x != x {
			return t.Leaves[leaf]
		}
		sum += float64(term.Coeff * float64(x))
	}
	return sum
}

// Start returns what the sum of a group starts at.
func (r *Record) Start(group int) float64 {
	if r.Config.Base == nil {
		return 0
	}
	return float64(r.Config.Base[group])
}

// Add returns sum plus the value of a leaf, in the precision of the model's sums.
func (r *Record) Add(sum, value float64) float64 {
	if r.Config.Sum == Single {
		return float64(float32(sum) + float32(value))
	}
	return sum + value
}

// Outputs returns how many answers there are per row.
func (r *Record) Outputs() int { return r.Config.shape().Outputs }

// Answer writes what the model answers for the sums of its groups, which it overwrites.
func (r *Record) Answer(sums []float64, out []float32) {
	(&Model{config: r.Config}).answer(sums, out)
}
