package rowfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// The format is that of NumPy's numpy.lib.format, versions 1.0 to 3.0: magic,
// version, size of the header, then a Python dictionary as text, padded so that
// the data begin at a multiple of 64.
const (
	magic    = "\x93NUMPY"
	maxBytes = 64 << 10 // of a header: NumPy itself reads no more than 10,000
	aligned  = 64
)

// header says what the data are.
type header struct {
	dtype   string // as Python writes it, without quotes
	fortran bool
	shape   []int64
	bytes   int64 // before the data
}

// readHeader reads up to the first byte of data. It takes no more memory than
// maxBytes, whatever in says.
func readHeader(in io.Reader) (header, error) {
	var fixed [8]byte
	if _, err := io.ReadFull(in, fixed[:]); err != nil {
		return header{}, errCutOff
	}
	major := fixed[6]
	if string(fixed[:6]) != magic || major < 1 || major > 3 {
		return header{}, fmt.Errorf("is of .npy version %d.%d: 1.0 to 3.0 is allowed", major, fixed[7])
	}
	var size [4]byte
	width := 4
	if major == 1 {
		width = 2
	}
	if _, err := io.ReadFull(in, size[:width]); err != nil {
		return header{}, errCutOff
	}
	n := binary.LittleEndian.Uint32(size[:])
	if n > maxBytes {
		return header{}, fmt.Errorf("has a .npy header of %d bytes: up to %d is allowed", n, maxBytes)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(in, text); err != nil {
		return header{}, errCutOff
	}
	h, err := parse(string(text))
	h.bytes = int64(8 + width + len(text))
	return h, err
}

var (
	errCutOff = errors.New("is cut off within its .npy header")
	errHeader = errors.New("has a .npy header that is no dictionary of descr, fortran_order and shape")
)

// entry is one entry of the dictionary, with the comma or brace behind it. Python 2
// may write sizes as 3L.
var entry = regexp.MustCompile(`^\s*['"](\w+)['"]\s*:\s*(?:'([^']*)'|"([^"]*)"|(\[[^\]]*\])|(True|False)|\(\s*((?:\d+L?\s*,\s*)*(?:\d+L?\s*)?)\))\s*(,\s*\}|,|\})`)

// parse reads the dictionary. Its three keys come in any order.
func parse(text string) (h header, err error) {
	rest, found := strings.CutPrefix(strings.TrimSpace(text), "{")
	if !found {
		return h, errHeader
	}
	for seen := ""; ; {
		m := entry.FindStringSubmatch(rest)
		if m == nil || strings.Contains(seen, m[1]) {
			return h, errHeader
		}
		seen, rest = seen+m[1]+" ", rest[len(m[0]):]
		if err := h.set(m[1], m[2]+m[3]+m[4], m[5], m[6]); err != nil {
			return h, err
		}
		if last := m[7] != ","; last {
			if rest != "" || len(strings.Fields(seen)) != 3 {
				return h, errHeader
			}
			return h, nil
		}
	}
}

// set takes one entry, whose value is of one kind.
func (h *header) set(key, text, truth, tuple string) error {
	switch {
	case key == "descr" && text != "":
		h.dtype = text
	case key == "fortran_order" && truth != "":
		h.fortran = truth == "True"
	case key == "shape" && text == "" && truth == "":
		for _, size := range strings.FieldsFunc(tuple, func(r rune) bool { return r < '0' || r > '9' }) {
			n, err := strconv.ParseInt(size, 10, 64)
			if err != nil {
				return fmt.Errorf("has a .npy header whose shape holds %s", size)
			}
			h.shape = append(h.shape, n)
		}
	default:
		return errHeader
	}
	return nil
}

// quoted is a dtype as Python writes it: a structured one is a list.
func quoted(dtype string) string {
	if strings.HasPrefix(dtype, "[") {
		return dtype
	}
	return "'" + dtype + "'"
}

// AppendHeader appends to dst what stands before the scores of so many rows in a .npy file, of
// version 1.0 as NumPy writes it, and returns the extended slice. The scores are float32 in one
// dimension, or in two if a row has several.
func AppendHeader(dst []byte, rows int64, outputs int) []byte {
	shape := fmt.Sprintf("(%d, %d)", rows, outputs)
	if outputs == 1 {
		shape = fmt.Sprintf("(%d,)", rows)
	}
	text := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': %s, }", shape)
	const before = len(magic) + 2 + 2
	size := (before+len(text)+1+aligned-1)/aligned*aligned - before
	dst = append(dst, magic+"\x01\x00"...)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(size))
	dst = append(dst, text...)
	dst = append(dst, strings.Repeat(" ", size-len(text)-1)...)
	return append(dst, '\n')
}
