package score

import (
	"bytes"
	"encoding/csv"
	"io"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/disrust/disrust/batcher"
	"github.com/disrust/disrust/batcher/forest"
	"pgregory.net/rapid"
)

// TestBlocksOfText: blocks of any size are the text again, begin where they say, and hold whole
// records.
func TestBlocksOfText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var file bytes.Buffer
		w := csv.NewWriter(&file)
		w.UseCRLF = rapid.Bool().Draw(t, "CRLF")
		field := rapid.StringOfN(rapid.SampledFrom([]rune("ab1,\"\n é")), 0, 12, -1)
		if err := w.WriteAll(rapid.SliceOf(rapid.SliceOfN(field, 2, 2)).Draw(t, "records")); err != nil {
			t.Fatal(err)
		}
		content := file.Bytes()
		if rapid.Bool().Draw(t, "no last end") {
			content = bytes.TrimSuffix(content, []byte("\n"))
		}
		want := records(t, content)
		l := &lines{in: bytes.NewReader(content), line: 1, block: rapid.IntRange(1, 40).Draw(t, "block")}
		var all []byte
		var got [][]string
		for {
			block, line, err := l.next(nil)
			if err == io.EOF {
				break
			}
			if err != nil || line != 1+int64(bytes.Count(all, newline)) {
				t.Fatalf("line %d, %v", line, err)
			}
			if rapid.IntRange(0, 3).Draw(t, "back") == 0 {
				l.back(block)
				continue
			}
			all, got = append(all, block...), append(got, records(t, block)...)
		}
		if !bytes.Equal(all, content) || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q from %q, %q, want %q", all, content, got, want)
		}
	})
}

func records(t *rapid.T, text []byte) [][]string {
	all, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestTextProperty: CSV gives the scores of the same rows in .npy, however it writes them: columns in
// any order, others between them, quotes, spaces, CRLF, a byte order mark, missing values.
func TestTextProperty(t *testing.T) {
	f := load(t, "xgboost/xgb_names", forest.Options{})
	names := f.model.About.Features
	dim := len(names)
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(0, 20).Draw(t, "rows")
		rows := make([]float32, count*dim)
		for i := range rows {
			rows[i] = rapid.OneOf(rapid.Float32(), rapid.SampledFrom(f.rows), rapid.SampledFrom([]float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))})).Draw(t, "x")
		}
		path := filepath.Join(folder, rapid.SampledFrom([]string{"rows.csv", "rows.tsv"}).Draw(t, "name"))
		write(t, path, drawnText(t, rows, names, formOf(path, npy)))
		m := f.model.Shape()
		s := &score{}
		source, err := s.open(path, f.path, f.model)
		if err != nil {
			t.Fatal(err)
		}
		defer source.close()
		b, w := &block{}, &scratch{}
		var got []float32
		for {
			if err := source.fill(b); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if err := source.decode(b, w); err != nil {
				t.Fatal(err)
			}
			got = append(got, w.features...)
		}
		if len(got) != count*m.Dim || !slices.EqualFunc(got, rows, same) {
			t.Fatalf("%v, want %v", got, rows)
		}
	})
}

// drawnText writes rows as CSV in one of many ways.
func drawnText(t *rapid.T, rows []float32, names []string, shape form) []byte {
	columns := rapid.Permutation(append(numbered("other ", rapid.IntRange(0, 2).Draw(t, "others")), names...)).Draw(t, "columns")
	var file bytes.Buffer
	if rapid.Bool().Draw(t, "mark") {
		file.WriteString("\ufeff")
	}
	w := csv.NewWriter(&file)
	w.Comma, w.UseCRLF = rune(shape.delimiter()), rapid.Bool().Draw(t, "CRLF")
	record := slices.Clone(columns)
	for row := rows; ; row = row[len(names):] {
		if err := w.Write(record); err != nil {
			t.Fatal(err)
		}
		if len(row) == 0 {
			break
		}
		for i, name := range columns {
			if at := slices.Index(names, name); at >= 0 {
				record[i] = drawnNumber(t, row[at])
			} else {
				record[i] = rapid.SampledFrom([]string{"", "text", "a\nb", `"`, "1,2\t3"}).Draw(t, "other")
			}
		}
	}
	w.Flush()
	return file.Bytes()
}

func drawnNumber(t *rapid.T, x float32) string {
	if x != x {
		return rapid.SampledFrom([]string{"", "NA", "nan", "NaN", "null"}).Draw(t, "missing")
	}
	text := string(appendNumber(nil, x))
	return rapid.SampledFrom([]string{text, " " + text, text + " ", strings.ToUpper(text)}).Draw(t, "number")
}

// TestRowsOfBlock: a block of few features and many scores, or the other way round, stays small.
func TestRowsOfBlock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := batcher.Shape{Dim: rapid.IntRange(1, 65535).Draw(t, "dim"), Outputs: rapid.IntRange(1, 65535).Draw(t, "outputs")}
		rows, text := rowsOfBlock(s), textOfBlock(s)
		if rows < 1 || rows > 1 && rows*max(s.Dim, s.Outputs) > numbersOfBlock {
			t.Fatalf("%d rows", rows)
		}
		if most := text / max(2, s.Dim); text < 1 || most > rows {
			t.Fatalf("%d bytes, which may be %d rows and not %d", text, most, rows)
		}
	})
}

// FuzzText: whatever the bytes are, they are refused or become whole rows.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"\n\n\na,b\n1,2\n", "a,b\n1,2\n", "b,x,a\n1,\"\n\",nan\n", "1,2\r\n", "\ufeff1,2", "0,1\n", "a;b\n", "\"", "1,2\n3\n"} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, content []byte, size int) {
		x := &text{name: "rows.csv", shape: csvText, dim: 2, lines: lines{in: bytes.NewReader(content), line: 1, block: max(1, size%64)}}
		if x.begin(headerAuto, []string{"a", "b"}) != nil {
			return
		}
		b, w := &block{}, &scratch{}
		for x.fill(b) == nil {
			if err := x.decode(b, w); err != nil {
				return
			}
			if len(w.features) != 2*b.rows {
				t.Fatalf("%d rows, %d features", b.rows, len(w.features))
			}
		}
	})
}
