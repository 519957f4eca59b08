package rowfile

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"regexp"
)

// Cast counts what a conversion to float32 changes.
type Cast struct {
	Rounded  int64 // numbers that float32 does not hold exactly
	Infinite int64 // of those, finite numbers that are beyond float32's range
}

// Add adds what another conversion changed.
func (c *Cast) Add(other Cast) {
	c.Rounded += other.Rounded
	c.Infinite += other.Infinite
}

// DTypeError says that a .npy file holds numbers of another type than float32.
type DTypeError struct {
	DType string // as NumPy names it
	Casts bool   // OpenCast converts it
}

func (e *DTypeError) Error() string {
	return fmt.Sprintf("has dtype %s; allowed is '<f4', little-endian float32 (save it as rows.astype('<f4'))", quoted(e.DType))
}

// OpenCast is OpenFor for rows of other numbers as well: floats, integers and booleans. Reading the
// file gives its bytes, of which [File.Floats] makes float32.
func OpenCast(name string, dim int, whose string) (*File, error) {
	return open(name, dim, &File{whose: whose, cast: true})
}

// Width is how many bytes each number has that reading gives.
func (f *File) Width() int { return f.kind.width }

// Floats converts numbers that were read, len(dst) of them. Rounding is to nearest, once. Several
// goroutines may call it at once.
func (f *File) Floats(dst []float32, src []byte) (c Cast) {
	k := f.kind
	if k == float32s {
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
		}
		return c
	}
	for i := range dst {
		word := k.word(src[i*k.width:])
		var exact bool
		if k.letter == 'f' {
			dst[i], exact = castFloat(k.float(word))
		} else {
			dst[i], exact = castInteger(k.letter, word, 64-8*k.width)
		}
		if exact {
			continue
		}
		c.Rounded++
		if math.IsInf(float64(dst[i]), 0) {
			c.Infinite++
		}
	}
	return c
}

// kindOf is what a dtype says of each number.
type kindOf struct {
	letter byte // as NumPy has it: f, i, u or b
	width  int
	big    bool // big-endian
}

var dtypePattern = regexp.MustCompile(`^(\|[biu]1|[<>]([fiu][248]))$`)

var float32s = kindOf{letter: 'f', width: 4}

// parseDType reads a dtype such as "<f8". It knows those that OpenCast converts.
func parseDType(dtype string) (k kindOf, known bool) {
	if !dtypePattern.MatchString(dtype) {
		return k, false
	}
	return kindOf{letter: dtype[1], width: int(dtype[2] - '0'), big: dtype[0] == '>'}, true
}

func (k kindOf) word(b []byte) uint64 {
	var order binary.ByteOrder = binary.LittleEndian
	if k.big {
		order = binary.BigEndian
	}
	switch k.width {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(order.Uint16(b))
	case 4:
		return uint64(order.Uint32(b))
	}
	return order.Uint64(b)
}

func (k kindOf) float(word uint64) float64 {
	switch k.width {
	case 2:
		return half(word)
	case 4:
		return float64(math.Float32frombits(uint32(word)))
	}
	return math.Float64frombits(word)
}

// half is IEEE 754's binary16.
func half(word uint64) float64 {
	exponent, fraction := int(word>>10&31), float64(word&1023)
	var x float64
	switch {
	case exponent == 0:
		x = math.Ldexp(fraction, -24)
	case exponent < 31:
		x = math.Ldexp(fraction+1024, exponent-25)
	case fraction == 0:
		x = math.Inf(1)
	default:
		x = math.NaN()
	}
	if word>>15 != 0 {
		x = -x
	}
	return x
}

func castFloat(x float64) (float32, bool) {
	y := float32(x)
	return y, float64(y) == x || x != x
}

// castInteger converts an integer of which unused bits of the word are not its own. float32 holds
// 24 bits, with any number of zeros behind them.
func castInteger(letter byte, word uint64, unused int) (float32, bool) {
	y, size := float32(word), word
	if n := int64(word<<unused) >> unused; letter == 'i' {
		y = float32(n)
		if size = uint64(n); n < 0 {
			size = -size
		}
	}
	return y, bits.Len64(size)-bits.TrailingZeros64(size|1<<63) <= 24
}
