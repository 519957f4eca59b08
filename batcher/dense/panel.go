package dense

// lanes is how many outputs a panel of weights holds. Their sums are independent, so that a
// processor adds to all of them at once.
const lanes = 8

// pack lays the weights out in the order in which they are read. A panel has the weights of
// input 0 to its eight outputs, then those of input 1, and so on. Each output that is left after
// the last whole panel has a column, with its weights in the order of the inputs.
//
// The weights are float64 so that nothing has to be converted for each row.
func pack(in, out int, weight func(k, j int) float32) (panels, columns []float64) {
	whole := out / lanes * lanes
	panels = make([]float64, 0, in*whole)
	for j := 0; j < whole; j += lanes {
		for k := range in {
			for i := range lanes {
				panels = append(panels, float64(weight(k, j+i)))
			}
		}
	}
	columns = make([]float64, 0, in*(out-whole))
	for j := whole; j < out; j++ {
		for k := range in {
			columns = append(columns, float64(weight(k, j)))
		}
	}
	return panels, columns
}

// dotPanel multiplies a row by a panel. The products of two float32 are exact in a float64, so a
// compiler may fuse them with their additions: the bits stay.
func dotPanel(sums *[lanes]float64, row, panel []float64) {
	var s0, s1, s2, s3, s4, s5, s6, s7 float64
	for _, x := range row {
		w := (*[lanes]float64)(panel)
		panel = panel[lanes:]
		s0 += x * w[0]
		s1 += x * w[1]
		s2 += x * w[2]
		s3 += x * w[3]
		s4 += x * w[4]
		s5 += x * w[5]
		s6 += x * w[6]
		s7 += x * w[7]
	}
	*sums = [lanes]float64{s0, s1, s2, s3, s4, s5, s6, s7}
}

// dot multiplies a row by a column.
func dot(row, column []float64) (sum float64) {
	column = column[:len(row)]
	for k, x := range row {
		sum += x * column[k]
	}
	return sum
}
