package rowfile

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// whole makes content as long as whole rows of three features.
func whole(content string) string {
	return content + strings.Repeat("\x00", (12-len(content)%12)%12)
}

func zipped(t *testing.T, name string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if _, err := w.Create(name); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func packed(t *testing.T, w io.WriteCloser, b *bytes.Buffer) string {
	t.Helper()
	if _, err := io.WriteString(w, "rows"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func tarred(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "rows.f32", Size: 4, Mode: 0o600}); err != nil {
		t.Fatal(err)
	}
	return packed(t, w, &b)
}

func gzipped(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	return packed(t, gzip.NewWriter(&b), &b)
}

// TestOtherKinds: a file of another kind is not read as raw floats, whatever its name, although
// its size is that of whole rows.
func TestOtherKinds(t *testing.T) {
	long := strings.Repeat("0.25;0.5;größer\n", 60)
	for content, want := range map[string]string{
		zipped(t, "rows.npy"):  "is a NumPy archive (.npz): save one array with numpy.save",
		zipped(t, "data.pkl"):  "is a zip archive: ",
		"PK\x05\x06":           "is a zip archive: ",
		gzipped(t):             "is compressed with gzip: unpack it first",
		tarred(t):              "is a tar archive: unpack it first",
		"BZh91AY&SY\x01":       "is compressed with bzip2: ",
		"\xfd7zXZ\x00\x00":     "is compressed with xz: ",
		"\x28\xb5\x2f\xfd\x04": "is compressed with zstd: ",
		"PAR1\x15\x04":         "is a Parquet file: save the rows with numpy.save",
		"ARROW1\x00\x00":       "is an Arrow file: ",
		"\xff\xff\xff\xff\xf0\x01\x00\x00\x10\x00":      "is an Arrow file: ",
		"\x89HDF\r\n\x1a\n\x00":                         "is an HDF5 file: ",
		"Obj\x01\x04":                                   "is an Avro file: ",
		"SQLite format 3\x00\x10":                       "is an SQLite database: ",
		"\x40\x00\x00\x00\x00\x00\x00\x00{\"a\":":       "is a safetensors file: ",
		"MATLAB 5.0 MAT-file, Platform: GLNXA64":        "is a MATLAB file: ",
		"\x89PNG\r\n\x1a\n":                             "is a picture",
		"[[1,2,3],[4,5,6]]\n":                           "is JSON text: ",
		"{\"rows\": [" + strings.Repeat("1, ", 40):      "is JSON text: ",
		"1,2,3\n4,5,6\n":                                "is text, such as CSV: save the rows with numpy.save, as float32",
		"a,b,c\n" + strings.Repeat("0.5,1e-3,-2\n", 99): "is text, such as CSV: ",
		long: "is text, such as CSV: ",
		strings.NewReplacer("ö", "\xf6", "ß", "\xdf").Replace(long): "is text, such as CSV: ",
		strings.Repeat("列,", 100) + "\n":                            "is text, such as CSV: ",
		"\xff\xfe1\x00,\x002\x00\n\x003\x00,\x004\x00\n\x00":        "is text, such as CSV: ",
	} {
		if !strings.Contains(want, "text") {
			content = whole(content)
		}
		content += strings.Repeat("\n", (12-len(content)%12)%12)
		path := file(t, "rows.f32", content)
		if _, err := Open(path, 3); err == nil || !strings.HasPrefix(err.Error(), path+" "+want) {
			t.Errorf("%.40q: %v, want %q", content, err, want)
		}
	}
	pickle := "\x80\x04\x95\x0a\x00\x00\x00\x00\x00\x00\x00]\x94(K\x01K\x02e...."
	if _, err := Open(file(t, "a", pickle), 3); err == nil || !strings.Contains(err.Error(), "is a Python pickle: ") {
		t.Errorf("a pickle: %v", err)
	}
}

// TestOtherNames: raw floats are not read from a file whose name says that it is of another kind.
func TestOtherNames(t *testing.T) {
	for _, k := range kinds {
		for _, extension := range strings.Fields(k.names) {
			name := "rows." + strings.ToUpper(extension)
			want := name + " is named ." + extension + ", but does not begin as such a file: if it holds raw float32, name it .f32"
			if _, err := Open(file(t, name, strings.Repeat("\x01", 24)), 3); err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestRawIsNothingElse: rows as programs have them are not taken for another kind.
func TestRawIsNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(
			rapid.Float32Range(-1, 1),
			rapid.Float32Range(0, 300),
			rapid.Map(rapid.IntRange(-1000, 1000), func(i int) float32 { return float32(i) }),
			rapid.Map(rapid.IntRange(0, 255), func(i int) float32 { return float32(i) / 255 }),
			rapid.Float32(),
			rapid.Just(float32(math.NaN())),
		)
		var content []byte
		for _, v := range rapid.SliceOfN(value, 1, 200).Draw(t, "values") {
			content = binary.LittleEndian.AppendUint32(content, math.Float32bits(v))
		}
		s := &sample{head: content[:min(len(content), headBytes)], last: content[len(content)-1], size: int64(len(content))}
		if err := s.refuse("rows.f32"); err != nil {
			t.Errorf("%v: %v", content, err)
		}
	})
}
