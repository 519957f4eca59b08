package slab

// SetGeneration sets the generation of the next occupancy of slot i, which must be
// vacant. With it tests reach the last generations.
func (s *Slab[T]) SetGeneration(i int, generation uint32) {
	s.entries[i].key = (Key(generation)<<indexBits | Key(i)) ^ vacant
}
