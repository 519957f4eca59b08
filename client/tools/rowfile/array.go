package rowfile

import (
	"bufio"
	"errors"
	"fmt"
	"math"
)

// Array is an open .npy file of numbers in one or two dimensions, such as scores. It is read as it
// goes, so the file may be larger than memory.
type Array struct {
	Shape []int64 // one or two sizes
	DType string  // "<f4", "<f8", "<i4" or "<i8"

	numbers numbers
}

// OpenArray opens a .npy file. Its errors are sentences, beginning with the file's name.
//
// Invariant: there are as many numbers to read as Shape says, unless the file changes meanwhile.
func OpenArray(name string) (*Array, error) {
	file, size, err := openRegular(name)
	if err != nil {
		return nil, err
	}
	a := &Array{numbers: numbers{file: file}}
	if err := a.begin(size); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s %w", name, err)
	}
	return a, nil
}

// begin reads up to the first number.
func (a *Array) begin(size int64) error {
	in := bufio.NewReader(a.numbers.file)
	npy, err := beginsAsNPY(in)
	if err != nil {
		return err
	}
	if !npy {
		return errors.New("is no .npy file: save the array with numpy.save")
	}
	h, err := readHeader(in)
	if err != nil {
		return err
	}
	kind, known := dtypes[h.dtype]
	switch {
	case !known:
		return fmt.Errorf("has dtype %s; allowed are '<f4', '<f8', '<i4' and '<i8' (little-endian float32, float64, int32 and int64)", quoted(h.dtype))
	case h.fortran:
		return errors.New("is in Fortran's order, column after column; allowed is C's, row after row (save it as numpy.ascontiguousarray(array))")
	case len(h.shape) != 1 && len(h.shape) != 2:
		return fmt.Errorf("has %d dimensions; allowed are 1 and 2", len(h.shape))
	}
	a.Shape, a.DType, a.numbers.in, a.numbers.dtype = h.shape, h.dtype, in, kind
	if data := size - h.bytes; !holds(data, kind.width, h.shape) {
		return fmt.Errorf("has %d bytes of numbers, which is not what its header says: %v of %d bytes each", data, h.shape, kind.width)
	}
	return nil
}

// holds reports whether data bytes are an array of this shape.
func holds(data int64, width int, shape []int64) bool {
	want := int64(width)
	for _, n := range shape {
		if n > 0 && want > math.MaxInt64/n {
			return false
		}
		want *= n
	}
	return data == want
}

// Next reads the next numbers. Those that a float32 does not hold exactly are rounded, once.
func (a *Array) Next(dst []float32) error { return a.numbers.next(dst) }

// Close closes the file.
func (a *Array) Close() error { return a.numbers.file.Close() }
