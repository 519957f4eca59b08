package document

// elements reads an array element by element.
func elements[T any](r Reader, dst []T, read func() (T, error)) ([]T, error) {
	if err := r.Open(Array); err != nil {
		return dst, err
	}
	return rest(r, dst, read)
}

// rest reads what comes of the open array.
func rest[T any](r Reader, dst []T, read func() (T, error)) ([]T, error) {
	for i := 0; ; i++ {
		ok, err := r.More()
		if err != nil || !ok {
			return dst, err
		}
		x, err := read()
		if err != nil {
			return dst, inElement(i, err)
		}
		dst = append(dst, x)
	}
}

// Flags reads an array of flags and appends them to dst.
func Flags(r Reader, dst []bool) ([]bool, error) { return elements(r, dst, r.Flag) }

// Each reads an array and calls read for each of its elements, with its index.
func Each(r Reader, read func(i int) error) error {
	if err := r.Open(Array); err != nil {
		return err
	}
	for i := 0; ; i++ {
		ok, err := r.More()
		if err != nil || !ok {
			return err
		}
		if err := read(i); err != nil {
			return err
		}
	}
}
