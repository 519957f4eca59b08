package rowfile

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
)

// dtype is a type of numbers that can be read.
type dtype struct {
	width  int // bytes
	number func([]byte) float32
}

// dtypes has the types by the names that NumPy gives them.
var dtypes = map[string]dtype{
	"<f4": {4, func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }},
	"<f8": {8, func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) }},
	"<i4": {4, func(b []byte) float32 { return float32(int32(binary.LittleEndian.Uint32(b))) }},
	"<i8": {8, func(b []byte) float32 { return float32(int64(binary.LittleEndian.Uint64(b))) }},
}

// numbers reads the numbers of an open file.
type numbers struct {
	in     io.Reader
	file   *os.File
	dtype  dtype
	buffer []byte
}

// next reads the next numbers, which must be there. Its errors are sentences, beginning with the
// file's name.
func (n *numbers) next(dst []float32) error {
	const most = 8 << 10 // at a time
	width := n.dtype.width
	for len(dst) > 0 {
		count := min(len(dst), most)
		if len(n.buffer) < count*width {
			n.buffer = make([]byte, count*width)
		}
		b := n.buffer[:count*width]
		switch _, err := io.ReadFull(n.in, b); {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return fmt.Errorf("%s has become shorter while it was read", n.file.Name())
		case err != nil:
			return fmt.Errorf("%s: %w", n.file.Name(), bare(err))
		}
		for i := range count {
			dst[i] = n.dtype.number(b[i*width:])
		}
		dst = dst[count:]
	}
	return nil
}
