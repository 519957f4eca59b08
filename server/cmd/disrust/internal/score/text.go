package score

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/forest"
)

// text is a file of CSV.
type text struct {
	file    *os.File
	name    string
	size    int64
	shape   form // csvText or tsvText
	dim     int
	lines   lines
	columns columns
}

// openText opens a file of CSV and reads its header.
func openText(name string, mode headerMode, m *forest.Model) (_ source, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	t := &text{file: file, name: name, shape: formOf(name, csvText), dim: m.Shape().Dim}
	if !t.shape.isText() {
		t.shape = csvText
	}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	t.size = info.Size()
	t.lines = lines{in: bufio.NewReaderSize(&exactly{file, t.size}, 64<<10), line: 1, block: textOfBlock(m.Shape())}
	if err := t.begin(mode, m.About.Features); err != nil {
		return nil, fmt.Errorf("%s, %w", name, err)
	}
	return t, nil
}

// textOfBlock returns how many bytes of text a block has, about. A row takes a byte per feature, and
// two at least.
func textOfBlock(s batcher.Shape) int { return min(256<<10, max(2, s.Dim)*rowsOfBlock(s)) }

// exactly reads what a file had when it was opened.
type exactly struct {
	in   io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.in.Read(p[:min(int64(len(p)), e.left)])
	if e.left -= int64(n); err == io.EOF && e.left > 0 {
		err = errShorter
	}
	return n, err
}

var errShorter = errors.New("the file has become shorter while it was read")

// begin reads the first record, which may be a header.
func (t *text) begin(mode headerMode, features []string) error {
	var block []byte
	var line int64
	var r *csv.Reader
	var first []string
	for err := io.EOF; err == io.EOF; { // blocks of blank lines
		if block, line, err = t.lines.next(block); err == io.EOF {
			return errors.New("line 1: there is none that is not blank; a file without rows has a header")
		}
		if err == nil && line == 1 {
			block, err = utf8Text(block)
		}
		if err == nil {
			r = t.reader(block, 0)
			first, err = r.Read()
		}
		if err != nil && err != io.EOF {
			return t.positioned(err, line)
		}
	}
	isHeader, err := t.columns.read(first, mode, features, t.dim)
	if err != nil {
		at, _ := r.FieldPos(0)
		return fmt.Errorf("line %d: %w", line+int64(at)-1, err)
	}
	if isHeader {
		block = block[r.InputOffset():]
	}
	t.lines.back(block)
	return nil
}

// utf8Text returns the beginning of a file without its byte order mark.
func utf8Text(b []byte) ([]byte, error) {
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		return nil, errors.New("line 1: the text is UTF-16: save it as UTF-8")
	}
	return bytes.TrimPrefix(b, []byte("\ufeff")), nil
}

// reader returns a reader of a block whose records have so many fields; 0: as many as the first.
func (t *text) reader(block []byte, fields int) *csv.Reader {
	r := csv.NewReader(bytes.NewReader(block))
	r.Comma = rune(t.shape.delimiter())
	r.TrimLeadingSpace = t.shape == csvText // a tab is a space too
	r.FieldsPerRecord = fields
	r.ReuseRecord = true
	return r
}

func (t *text) form() form                       { return t.shape }
func (t *text) total() (size int64, unit string) { return t.size, "bytes" }
func (t *text) ignored() []string                { return t.columns.ignored }
func (t *text) close()                           { _ = t.file.Close() }

func (t *text) fill(b *block) (err error) {
	b.in, b.line, err = t.lines.next(b.in)
	b.size = int64(len(b.in))
	if err != nil && err != io.EOF {
		return fmt.Errorf("%s, %w", t.name, t.positioned(err, b.line))
	}
	return err
}

func (t *text) decode(b *block, w *scratch) error {
	r := t.reader(b.in, len(t.columns.features))
	w.features, b.rows = w.features[:0], 0
	for {
		record, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s, %w", t.name, t.positioned(err, b.line))
		}
		from := len(w.features)
		w.features = append(w.features, make([]float32, t.dim)...)
		for i, at := range t.columns.features {
			if at < 0 {
				continue
			}
			if w.features[from+at], err = number(record[i]); err != nil {
				line, _ := r.FieldPos(i)
				return fmt.Errorf("%s, line %d, %s: %w", t.name, b.line+int64(line)-1, t.columns.name(i), err)
			}
		}
		b.rows++
	}
}

// positioned is an error of a block that begins at a line, with the line where it is.
func (t *text) positioned(err error, first int64) error {
	wrong, is := errors.AsType[*csv.ParseError](err)
	if !is {
		if errors.Is(err, errShorter) {
			return fmt.Errorf("line %d: %w", first, err)
		}
		return err
	}
	line := first + int64(wrong.Line) - 1
	switch wrong.Err {
	case csv.ErrFieldCount:
		return fmt.Errorf("line %d: it does not have %d fields, as the first line has", line, len(t.columns.features))
	case csv.ErrQuote:
		return fmt.Errorf("line %d: a field in quotes has no end, or a quote in it is not doubled", first+int64(wrong.StartLine)-1)
	case csv.ErrBareQuote:
		return fmt.Errorf("line %d: a quote stands in a field that does not begin with one", line)
	}
	return fmt.Errorf("line %d: %w", line, wrong.Err)
}

// number reads a field: a decimal, and not the other forms that Go has for numbers.
func number(field string) (float32, error) {
	field = strings.TrimSpace(field)
	if isMissing(field) {
		return float32(math.NaN()), nil
	}
	x, err := strconv.ParseFloat(field, 32)
	if strings.ContainsAny(field, "_xXpP") {
		err = strconv.ErrSyntax
	}
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("%.40q is beyond the range of float32; infinity is written inf", field)
	case err != nil:
		return 0, fmt.Errorf("%.40q is no number", field)
	}
	return float32(x), nil
}

// isMissing reports whether a field says that it has no value. NaN in any letters is a number already.
func isMissing(field string) bool { return field == "" || field == "NA" || field == "null" }
