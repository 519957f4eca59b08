package ensemble

import "math"

// scoreRow scores one row: it finds the leaf of each tree, and then adds the values in order.
func (s *scorer) scoreRow(row, out []float32) {
	m := s.model
	m.fillRow(row, s.row)
	s.start(1)
	s.findLeaves()
	for g := range m.groups {
		places := s.places[1+m.groups[g].first : 1+m.groups[g].end]
		switch {
		case m.functionOf != nil:
			for _, p := range places {
				s.double[g][0] += m.value(p, row)
			}
		case s.single != nil:
			s.single[g][0] = sum(s.single[g][0], m.single, places)
		default:
			s.double[g][0] = sum(s.double[g][0], m.double, places)
		}
	}
	s.answer(out)
}

// scoreTogether scores one row of a model all of whose segments are packed.
func (s *scorer) scoreTogether(row, out []float32) {
	m := s.model
	m.fillRow(row, s.row)
	s.start(1)
	for i := range m.segments {
		s.walkRowPacked(&m.segments[i])
	}
	s.answer(out)
}

// answer writes what the model answers for the sums of a single row.
func (s *scorer) answer(out []float32) {
	for g := range s.answers {
		s.answers[g] = s.sum(g, 0)
	}
	s.model.answer(s.answers, out)
}

// scoreRanked scores one row of a model all of whose segments have a kernel for that.
func (s *scorer) scoreRanked(row, out []float32) {
	m := s.model
	s.rankRow(row)
	s.start(1)
	for i := range m.segments {
		if sg := &m.segments[i]; sg.doubleRow != nil {
			sg.doubleRow.AddRow(s.ranked, &s.double[sg.group][0])
		} else {
			sg.singleRow.AddRow(s.ranked, &s.single[sg.group][0])
		}
	}
	s.answer(out)
}

// findLeaves takes the row whose numbers are in s.row through the parts of the trees. A lane that
// is through with a part enters the next one that no lane has entered. It may have walked into the
// part behind its own, where it found the same leaves as the lane to which that belongs.
func (s *scorer) findLeaves() {
	m := s.model
	var at, stop [lanes]uint32 // at first, each lane is through with no nodes
	for parts, walking := m.parts, lanes; ; {
		for i := range at {
			if at[i] < stop[i] {
				continue
			}
			if len(parts) == 0 {
				at[i], stop[i] = uint32(len(m.nodes)-1), math.MaxUint32
				walking--
				continue
			}
			root := &m.at(int(parts[0].first)).root
			at[i], stop[i] = root.next+right(root.split, s.row[root.column]), parts[0].stop
			parts = parts[1:]
		}
		if walking == 0 {
			return
		}
		walkParts(m.nodes, s.row, &at, &stop, s.places)
	}
}

// sum adds the values at some places to start.
func sum[F float32 | float64](start F, values []F, places []uint32) F {
	for _, p := range places {
		start += values[p]
	}
	return start
}

// value returns the value of the leaf at a place for a row, in a model with linear leaves.
func (m *Model) value(place uint32, row []float32) float64 {
	if m.functionOf[place] == 0 {
		return m.double[place]
	}
	f := &m.functions[m.functionOf[place]-1]
	sum := f.constant
	for _, t := range m.terms[f.first:f.end] {
		x := row[t.Feature]
		if x != x {
			return m.double[place]
		}
		if m.config.SnapZero && x >= -Tiny && x <= Tiny {
			x = 0
		}
		sum += float64(t.Coeff * float64(x))
	}
	return sum
}
