package stages

// Operand is what a stage reads: a value of the pipeline, or a constant.
type Operand struct {
	Value    int       // of the pipeline, unless there is a constant
	Width    int       // columns of the value
	Constant []float32 // not nil: a constant
	Index    []int32   // which number is the one at each place; nil: the one there
}

// expanded puts the numbers of a constant in their places.
func (o Operand) expanded() Operand {
	if o.Constant == nil || o.Index == nil {
		return o
	}
	all := make([]float32, len(o.Index))
	for i, p := range o.Index {
		all[i] = o.Constant[p]
	}
	return Operand{Constant: all}
}

func (o Operand) bytes() int { return 4 * (len(o.Constant) + len(o.Index)) }

// values returns the values of the pipeline among operands.
func values(all ...Operand) []int {
	var from []int
	for _, o := range all {
		if o.Constant == nil {
			from = append(from, o.Value)
		}
	}
	return from
}

// reader gives the numbers of an operand, row by row.
type reader struct {
	Operand
	scratch []float32 // of a row, if there is an index
	left    []float32 // the rows that were not read yet
}

// readers returns those of some operands.
func readers(all ...Operand) []reader {
	made := make([]reader, len(all))
	for i, o := range all {
		made[i] = reader{Operand: o, scratch: make([]float32, len(o.Index))}
	}
	return made
}

// begin gives the readers the values that a stage reads.
func begin(all []reader, from [][]float32) {
	for i := range all {
		if all[i].Constant == nil {
			all[i].left, from = from[0], from[1:]
		}
	}
}

// next returns the numbers of the next row.
func (r *reader) next() []float32 {
	if r.Constant != nil {
		return r.Constant
	}
	row := r.left[:r.Width]
	r.left = r.left[r.Width:]
	if r.Index == nil {
		return row
	}
	for i, p := range r.Index {
		r.scratch[i] = row[p]
	}
	return r.scratch
}
