// Package rowfile reads rows of features from files: NumPy's .npy, or raw
// little-endian float32. It reads as it goes, so files may be larger than
// memory.
package rowfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// File is an open file of rows. Reading it gives the rows, little-endian float32
// one row after the other, whatever the form of the file. (Of [OpenCast] it gives other
// numbers.)
type File struct {
	Rows int64
	NPY  bool // else raw

	io.Reader
	file    *os.File
	numbers numbers
	whose   string // dim this is, in errors
	kind    kindOf // of the numbers
	cast    bool   // the numbers may be of any kind
}

// Open opens a file of rows of dim features. It is .npy if it begins as one,
// and raw if it begins as no other kind of file and its size is that of whole
// rows. Its errors are sentences, beginning with the file's name.
//
// Invariant: there are as many bytes to read as Rows take, unless the file
// changes meanwhile.
func Open(name string, dim int) (*File, error) {
	return OpenFor(name, dim, "the server's dim, or --dim in version 1")
}

// OpenFor is Open for another dim than a server's. whose says whose it is, in the sentence about
// rows of another size.
func OpenFor(name string, dim int, whose string) (*File, error) {
	return open(name, dim, &File{whose: whose})
}

func open(name string, dim int, f *File) (*File, error) {
	file, size, err := openRegular(name)
	if err != nil {
		return nil, err
	}
	f.file, f.kind = file, float32s
	if err := f.begin(int64(dim), size); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s %w", name, err)
	}
	return f, nil
}

// bare leaves out of err what the name says already.
func bare(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}

// Next reads the next features, as Read does, into floats.
func (f *File) Next(dst []float32) error { return f.numbers.next(dst) }

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// begin reads up to the first row.
func (f *File) begin(dim, size int64) (err error) {
	in := bufio.NewReader(f.file)
	f.Reader, f.numbers = in, numbers{in: in, file: f.file, dtype: dtypes["<f4"]}
	if f.NPY, err = beginsAsNPY(in); err != nil {
		return err
	}
	if f.NPY {
		return f.beginNPY(in, dim, size)
	}
	if err := refuse(f.file, size); err != nil {
		return err
	}
	f.Rows = size / (4 * dim)
	if rest := size % (4 * dim); rest != 0 {
		return fmt.Errorf("has %d bytes: %d rows of %d float32, and %d bytes too many", size, f.Rows, dim, rest)
	}
	return nil
}

// openRegular opens a regular file and returns its size. It does not open anything else: to open a
// named pipe would be to wait for a writer.
func openRegular(name string) (*os.File, int64, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", name, bare(err))
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s is no regular file, so its size cannot be known", name)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", name, bare(err))
	}
	return file, info.Size(), nil
}

func beginsAsNPY(in *bufio.Reader) (bool, error) {
	start, err := in.Peek(len(magic))
	if err != nil && err != io.EOF {
		return false, bare(err)
	}
	return bytes.HasPrefix(start, []byte(magic)), nil
}

func (f *File) beginNPY(in io.Reader, dim, size int64) error {
	h, err := readHeader(in)
	if err != nil {
		return err
	}
	kind, known := parseDType(h.dtype)
	switch {
	case !known && f.cast:
		return fmt.Errorf("has dtype %s; allowed are floats, integers and booleans of up to 8 bytes", quoted(h.dtype))
	case kind != float32s && !f.cast:
		return &DTypeError{h.dtype, known}
	case h.fortran:
		return errors.New("is in Fortran's order, column after column; allowed is C's, row after row (save it as numpy.ascontiguousarray(rows))")
	case len(h.shape) != 2:
		return fmt.Errorf("has %d dimensions; allowed are 2, rows and features", len(h.shape))
	case h.shape[1] != dim:
		return fmt.Errorf("has rows of %d features, not %d (%s)", h.shape[1], dim, f.whose)
	}
	f.Rows, f.kind = h.shape[0], kind
	row := int64(kind.width) * dim
	if data := size - h.bytes; f.Rows != data/row || data%row != 0 {
		return fmt.Errorf("has %d bytes of rows, but its header says %d rows of %d bytes", data, f.Rows, row)
	}
	return nil
}
