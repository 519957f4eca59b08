package slab

// SetGeneration gives vacant slot i the generation of its next occupancy, so
// that tests reach the last ones.
func (s *Slab[T]) SetGeneration(i int, generation uint32) {
	s.entries[i].key = (Key(generation)<<indexBits | Key(i)) ^ vacant
}
