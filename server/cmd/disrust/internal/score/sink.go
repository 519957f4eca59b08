package score

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/disrust/disrust/client/tools/outfile"
	"github.com/disrust/disrust/client/tools/progress"
	"github.com/disrust/disrust/client/tools/rowfile"
)

// form is how a file holds rows or scores.
type form int

const (
	npy form = iota
	raw      // little-endian float32
	csvText
	tsvText
)

// forms has the forms by the extensions of names.
var forms = map[string]form{".npy": npy, ".f32": raw, ".csv": csvText, ".tsv": tsvText}

// formOf returns the form that the name of a file says.
func formOf(name string, otherwise form) form {
	if f, known := forms[strings.ToLower(filepath.Ext(name))]; known {
		return f
	}
	return otherwise
}

func (f form) isText() bool { return f == csvText || f == tsvText }

func (f form) delimiter() byte {
	if f == tsvText {
		return '\t'
	}
	return ','
}

// sink is the file of the scores.
type sink struct {
	form    form
	outputs int // scores per row
	file    *outfile.File
	w       *bufio.Writer
}

// create begins the file of the scores. words are the names of the files that it must not replace.
func (s *score) create(words []string, rows form, outputs int, stdout io.Writer) (*sink, error) {
	k := &sink{form: formOf(s.out, rows), outputs: outputs}
	if s.out == standardOutput && progress.IsWatched(stdout) && !k.form.isText() {
		return nil, errors.New("scores are no text for a terminal: send them to a file, with > or --out")
	}
	for _, name := range words {
		if outfile.Same(name, s.out) {
			return nil, fmt.Errorf("%s would be destroyed: the same command reads it", s.out)
		}
	}
	var err error
	if k.file, err = createFile(s.out, stdout); err != nil {
		return nil, fmt.Errorf("cannot write: %w", err)
	}
	k.w = bufio.NewWriter(k.file)
	k.w.Write(k.head(0)) // commit returns the error
	return k, nil
}

func createFile(name string, stdout io.Writer) (*outfile.File, error) {
	if name == standardOutput {
		return outfile.Hold(stdout)
	}
	target, err := outfile.Open(name)
	if err != nil {
		return nil, err
	}
	return target.Create()
}

// head is what stands before the scores. Its size does not depend on rows.
func (k *sink) head(rows int64) []byte {
	switch {
	case k.form == npy:
		return rowfile.AppendHeader(nil, rows, k.outputs)
	case !k.form.isText():
		return nil
	case k.outputs == 1:
		return []byte("prediction\n")
	}
	var b []byte
	for i := range k.outputs {
		b = append(strconv.AppendInt(append(b, "prediction_"...), int64(i), 10), k.form.delimiter())
	}
	b[len(b)-1] = '\n'
	return b
}

// encode appends the scores of whole rows. Several goroutines may call it at once.
func (k *sink) encode(dst []byte, scores []float32) []byte {
	if !k.form.isText() {
		for _, x := range scores {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(x))
		}
		return dst
	}
	for i, x := range scores {
		dst = appendNumber(dst, x)
		if (i+1)%k.outputs == 0 {
			dst = append(dst, '\n')
		} else {
			dst = append(dst, k.form.delimiter())
		}
	}
	return dst
}

// appendNumber appends the shortest decimal that is read as x again. Infinities are as Python writes
// them.
func appendNumber(dst []byte, x float32) []byte {
	switch {
	case math.IsInf(float64(x), 1):
		return append(dst, "inf"...)
	case math.IsInf(float64(x), -1):
		return append(dst, "-inf"...)
	}
	return strconv.AppendFloat(dst, float64(x), 'g', -1, 32)
}

// commit puts the file where it belongs. It has the scores of so many rows.
func (k *sink) commit(rows int64) error {
	if err := k.w.Flush(); err != nil {
		return err
	}
	if _, err := k.file.WriteAt(k.head(rows), 0); err != nil {
		return err
	}
	return k.file.Commit()
}

func (k *sink) discard() { k.file.Discard() }
