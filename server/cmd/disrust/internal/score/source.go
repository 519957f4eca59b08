package score

import (
	"errors"
	"fmt"
	"io"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/client/tools/rowfile"
)

// source is a file of rows.
type source interface {
	form() form                        // of the file
	total() (size int64, unit string)  // of the whole file
	ignored() []string                 // columns that are no features
	fill(b *block) error               // reads the next rows into b.in, or returns io.EOF
	decode(b *block, w *scratch) error // turns b.in into w.features; several goroutines call it at once
	close()
}

// block is some rows on their way from a source to the file of the scores.
type block struct {
	in   []byte // as the source has them
	line int64  // in CSV: of the file, where in begins
	rows int
	size int64  // in the source's unit
	out  []byte // encoded scores

	cast rowfile.Cast
	err  error
	done chan struct{} // holds a token once the block is scored
}

// scratch is what one worker uses again and again.
type scratch struct{ features, scores []float32 }

// numbersOfBlock is how many features or scores a block has, at most, unless a single row has more.
// It is enough that the exchange of blocks costs nothing.
const numbersOfBlock = 64 << 10

// rowsOfBlock returns how many rows a block has.
func rowsOfBlock(s batcher.Shape) int { return max(1, numbersOfBlock/max(s.Dim, s.Outputs)) }

// numbers is a .npy file, or raw float32.
type numbers struct {
	file  *rowfile.File
	name  string
	dim   int
	rows  int   // of a block
	taken int64 // rows read
}

func openNumbers(name, whose string, cast bool, s batcher.Shape) (source, error) {
	open := rowfile.OpenFor
	if cast {
		open = rowfile.OpenCast
	}
	file, err := open(name, s.Dim, whose)
	if other, is := errors.AsType[*rowfile.DTypeError](err); is && other.Casts {
		return nil, fmt.Errorf("%w or give --cast", err)
	}
	if err != nil {
		return nil, err
	}
	return &numbers{file: file, name: name, dim: s.Dim, rows: rowsOfBlock(s)}, nil
}

func (n *numbers) form() form {
	if n.file.NPY {
		return npy
	}
	return raw
}

func (n *numbers) total() (size int64, unit string) { return n.file.Rows, "rows" }
func (n *numbers) ignored() []string                { return nil }
func (n *numbers) close()                           { _ = n.file.Close() }

func (n *numbers) fill(b *block) error {
	b.rows = int(min(n.file.Rows-n.taken, int64(n.rows)))
	if b.rows == 0 {
		return io.EOF
	}
	b.size = int64(b.rows)
	b.in = sized(b.in, b.rows*n.dim*n.file.Width())
	if _, err := io.ReadFull(n.file, b.in); err != nil {
		return cannotRead(n.name, err)
	}
	n.taken += b.size
	return nil
}

func (n *numbers) decode(b *block, w *scratch) error {
	w.features = sized(w.features, b.rows*n.dim)
	b.cast = n.file.Floats(w.features, b.in)
	return nil
}

// cannotRead is the error of a file that could be opened.
func cannotRead(name string, err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%s has become shorter while it was read", name)
	}
	return fmt.Errorf("cannot read rows: %w", err)
}

// sized returns s with n elements, of which any may be old.
func sized[E any](s []E, n int) []E {
	if cap(s) < n {
		return make([]E, n)
	}
	return s[:n]
}
