package rowfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// kind is a kind of file that holds no rows as rowfile reads them.
//
// A file of raw floats has no mark, so a kind may claim only what raw floats are not: its
// marks are three bytes or more, and usually four. That is why no general library detects the
// kinds: those claim files for two bytes, which one in some thousand files of raw floats has.
type kind struct {
	is    string // completes "the file ..."
	todo  string // what the user can do
	names string // extensions of such files, separated by spaces
	marks []string
	claim func(*sample) bool // nil: the file begins with one of marks
}

const (
	unpack = "unpack it first"
	saved  = "save the rows with numpy.save, as float32"
)

// kinds holds the kinds. The first that claims a file wins.
var kinds = []kind{
	{"is a NumPy archive (.npz)", "save one array with numpy.save", "npz", nil, isNPZ},
	{"is a zip archive", "save the rows of what it holds with numpy.save, as float32", "zip xlsx ods pt pth keras", []string{"PK\x03\x04", "PK\x05\x06"}, nil},
	{"is compressed with gzip", unpack, "gz tgz", []string{"\x1f\x8b\x08"}, nil},
	{"is compressed with bzip2", unpack, "bz2", nil, isBzip2},
	{"is compressed with xz", unpack, "xz", []string{"\xfd7zXZ\x00"}, nil},
	{"is compressed with zstd", unpack, "zst zstd", []string{"\x28\xb5\x2f\xfd"}, nil},
	{"is compressed with lz4", unpack, "lz4", []string{"\x04\x22\x4d\x18"}, nil},
	{"is a 7z archive", unpack, "7z", []string{"7z\xbc\xaf\x27\x1c"}, nil},
	{"is a rar archive", unpack, "rar", []string{"Rar!\x1a\x07"}, nil},
	{"is a tar archive", unpack, "tar", nil, isTar},
	{"is a Parquet file", saved, "parquet pq", []string{"PAR1"}, nil},
	{"is an Arrow file", saved, "arrow feather ipc arrows", nil, isArrow},
	{"is an ORC file", saved, "orc", nil, isORC},
	{"is an Avro file", saved, "avro", []string{"Obj\x01"}, nil},
	{"is an HDF5 file", saved, "h5 hdf5 hdf", []string{"\x89HDF\r\n\x1a\n"}, nil},
	{"is a NetCDF file", saved, "nc", []string{"CDF\x01", "CDF\x02", "CDF\x05"}, nil},
	{"is a MATLAB file", saved, "mat", []string{"MATLAB 5.0 MAT-file"}, nil},
	{"is an SQLite database", saved, "sqlite db", []string{"SQLite format 3\x00"}, nil},
	{"is a Python pickle", saved, "pkl pickle joblib", nil, isPickle},
	{"is a safetensors file", saved, "safetensors", nil, isSafetensors},
	{"is a picture or a document", "rows of features are needed", "png jpg jpeg gif pdf", []string{"\x89PNG", "\xff\xd8\xff\xe0", "\xff\xd8\xff\xe1", "GIF8", "%PDF-"}, nil},
	{"is JSON text", saved, "json jsonl ndjson", nil, isJSON},
	{"is text, such as CSV", saved, "csv tsv txt svm libsvm arff xml html", nil, (*sample).isText},
}

// sample is what a kind looks at.
type sample struct {
	head []byte // the beginning of the file
	last byte   // its last byte
	size int64
}

// headBytes is the size of a sample's head, unless the file is smaller. The mark of tar is the
// furthest from the beginning.
const headBytes = 512

// refuse returns an error if the file is of another kind than raw floats.
func refuse(file *os.File, size int64) error {
	s, err := newSample(file, size)
	if err != nil {
		return err
	}
	return s.refuse(file.Name())
}

// IsText reports whether a file is text, such as CSV: by its content or, if that is short, by its
// name. What it does not report to be text, Open opens or refuses.
func IsText(name string) (bool, error) {
	file, size, err := openRegular(name)
	if err != nil {
		return false, err
	}
	defer file.Close()
	s, err := newSample(file, size)
	if err != nil {
		return false, fmt.Errorf("%s: %w", name, err)
	}
	for i := range kinds {
		if kinds[i].claims(s) {
			return i == len(kinds)-1, nil
		}
	}
	extension := strings.ToLower(filepath.Ext(name))
	return (extension == ".csv" || extension == ".tsv") && !slices.ContainsFunc(s.head, isControl), nil
}

func newSample(file *os.File, size int64) (*sample, error) {
	s := &sample{head: make([]byte, min(size, headBytes)), size: size}
	if _, err := file.ReadAt(s.head, 0); err != nil && err != io.EOF {
		return nil, bare(err)
	}
	if size > 0 {
		var last [1]byte
		if _, err := file.ReadAt(last[:], size-1); err != nil && err != io.EOF {
			return nil, bare(err)
		}
		s.last = last[0]
	}
	return s, nil
}

// refuse returns an error if a kind claims the file by its content or by its name.
func (s *sample) refuse(name string) error {
	for _, k := range kinds {
		if k.claims(s) {
			return fmt.Errorf("%s: %s", k.is, k.todo)
		}
	}
	extension := strings.ToLower(strings.TrimPrefix(filepath.Ext(name), "."))
	if extension == "npy" {
		return errors.New("is named .npy, but does not begin as such a file")
	}
	for _, k := range kinds {
		if slices.Contains(strings.Fields(k.names), extension) {
			return fmt.Errorf("is named .%s, but does not begin as such a file: if it holds raw float32, name it .f32", extension)
		}
	}
	return nil
}

func (k *kind) claims(s *sample) bool {
	if k.claim != nil {
		return k.claim(s)
	}
	return slices.ContainsFunc(k.marks, s.begins)
}

func (s *sample) begins(mark string) bool { return bytes.HasPrefix(s.head, []byte(mark)) }

// at reports whether mark stands at this place.
func (s *sample) at(place int, mark string) bool {
	return len(s.head) >= place && bytes.HasPrefix(s.head[place:], []byte(mark))
}

// isNPZ: the name of the archive's first file ends in .npy.
func isNPZ(s *sample) bool {
	const nameSize, name = 26, 30 // in a zip file's first header
	if !s.begins("PK\x03\x04") || len(s.head) < name {
		return false
	}
	end := name + int(s.head[nameSize]) + int(s.head[nameSize+1])<<8
	return end <= len(s.head) && bytes.HasSuffix(s.head[name:end], []byte(".npy"))
}

// isBzip2: behind the file's mark stands that of its first block.
func isBzip2(s *sample) bool { return s.begins("BZh") && s.at(4, "\x31\x41\x59\x26\x53\x59") }

func isTar(s *sample) bool { return s.at(257, "ustar") }

// isORC: ORC's mark has three bytes, and stands at the end of the file too.
func isORC(s *sample) bool { return s.begins("ORC") && s.last == 'C' }

// isArrow: a file or a stream. A stream begins with -1 and the size of its schema, which is a
// multiple of eight. As floats these are a NaN and a denormal.
func isArrow(s *sample) bool {
	if s.begins("ARROW1") || s.begins("FEA1") {
		return true
	}
	return s.begins("\xff\xff\xff\xff") && len(s.head) >= 8 && s.head[4]%8 == 0 && s.head[7] == 0 && s.head[6] == 0 && s.head[5]|s.head[4] != 0
}

// isPickle: protocol 2 or newer, and the opcode STOP at the end. Older pickles are text.
func isPickle(s *sample) bool {
	const opcodes = "\x95c}]()XKGJMN\x8c\x88\x89CB" // with which a pickle goes on
	return len(s.head) > 3 && s.head[0] == 0x80 && s.head[1] >= 2 && s.head[1] <= 5 &&
		strings.IndexByte(opcodes, s.head[2]) >= 0 && s.last == '.'
}

// isSafetensors: JSON behind eight bytes with its size.
func isSafetensors(s *sample) bool { return s.at(5, "\x00\x00\x00{\"") }

func isJSON(s *sample) bool {
	text := bytes.TrimLeft(s.head, " \t\r\n\ufeff")
	return len(text) > 0 && strings.IndexByte("{[", text[0]) >= 0 && s.isText()
}

// isText reports whether the head is text: UTF-8, mostly ASCII, or UTF-16 as Windows writes it.
// A few floats may look like letters by chance, so a short text must look like numbers too.
func (s *sample) isText() bool {
	const sure = 64 // bytes
	switch {
	case s.begins("\xff\xfe") && len(s.head) > 8:
		return s.head[3]|s.head[5]|s.head[7] == 0 && s.head[2] != 0 && s.head[4] != 0 && s.head[6] != 0
	case len(s.head) == 0 || slices.ContainsFunc(s.head, isControl):
		return false
	case len(s.head) < sure:
		return len(bytes.Trim(s.head, "0123456789+-.eE,;: \t\r\n[]{}\"\ufeff")) == 0
	}
	return s.isUTF8() || s.others()*5 < len(s.head)
}

func isControl(b byte) bool { return b < ' ' && b != '\t' && b != '\r' && b != '\n' || b == 0x7f }

// isUTF8 reports whether the head is UTF-8. The end of the head may cut its last character.
func (s *sample) isUTF8() bool {
	for cut := range utf8.UTFMax {
		if utf8.Valid(s.head[:len(s.head)-cut]) {
			return true
		}
	}
	return false
}

// others returns how many bytes are not ASCII.
func (s *sample) others() (n int) {
	for _, b := range s.head {
		if b >= utf8.RuneSelf {
			n++
		}
	}
	return n
}
