package score

import (
	"bytes"
	"fmt"
	"io"
)

// lines cuts text into blocks of whole records. A record ends at a line's end that stands in no
// quotes: where the number of quotes before it is even, because a quote within quotes is doubled.
type lines struct {
	in    io.Reader
	block int    // bytes of a block, about
	line  int64  // of the file, where the next block begins
	rest  []byte // what was read beyond the last block
	ended bool
}

// maxRecord bounds a record, and so what a quote that is never closed can take.
const maxRecord = 16 << 20

// next returns the next block, in the memory of buf if it fits, and the number of its first line. It
// returns io.EOF after the last.
func (l *lines) next(buf []byte) (block []byte, line int64, err error) {
	buf = append(buf[:0], l.rest...)
	for want := max(l.block, len(buf)); ; want *= 2 {
		if buf, err = l.read(buf, want); err != nil {
			return buf, l.line, err
		}
		cut := recordsEnd(buf)
		if l.ended {
			cut = len(buf)
		}
		switch {
		case cut > 0:
			return l.cut(buf, cut), l.line - int64(bytes.Count(buf[:cut], newline)), nil
		case l.ended:
			return buf, l.line, io.EOF
		case want >= maxRecord:
			return buf, l.line, fmt.Errorf("line %d: it has no end within %d MiB; perhaps a quote is opened and never closed", l.line, maxRecord>>20)
		}
	}
}

// read adds to buf what was not read yet, up to a size.
func (l *lines) read(buf []byte, size int) ([]byte, error) {
	have := len(buf)
	if have >= size || l.ended {
		return buf, nil
	}
	buf = append(buf, make([]byte, size-have)...)
	n, err := io.ReadFull(l.in, buf[have:])
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		l.ended, err = true, nil
	}
	return buf[:have+n], err
}

func (l *lines) cut(buf []byte, at int) []byte {
	l.rest = append(l.rest[:0], buf[at:]...)
	l.line += int64(bytes.Count(buf[:at], newline))
	return buf[:at]
}

// back puts the end of the last block before what follows it.
func (l *lines) back(end []byte) {
	l.rest = append(bytes.Clone(end), l.rest...)
	l.line -= int64(bytes.Count(end, newline))
}

var newline, quote = []byte("\n"), []byte(`"`)

// recordsEnd returns how many bytes of b are whole records, if b begins with one.
func recordsEnd(b []byte) int {
	quotes := bytes.Count(b, quote)
	for end := len(b); ; {
		at := bytes.LastIndexByte(b[:end], '\n')
		if at < 0 {
			return 0
		}
		if quotes -= bytes.Count(b[at:end], quote); quotes%2 == 0 {
			return at + 1
		}
		end = at
	}
}
