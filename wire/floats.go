package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"
)

// CopyRows copies src, the payload of a request, to dst. dst must have len(src)/4
// elements; otherwise CopyRows panics. src may lie at any address and must not overlap
// dst. CopyRows keeps every bit, whatever the bits mean as floats.
//
// Cost: one memmove on a little-endian machine, otherwise a loop over the elements.
func CopyRows(dst []float32, src []byte) { copyFloats(dst, src) }

// CopyScores copies src, the payload of a response, to dst. It is like CopyRows in all other
// respects.
func CopyScores(dst []float32, src []byte) { copyFloats(dst, src) }

// Floats returns the float32 values that b encodes, without copying them, and true. It
// returns nil and false if they cannot be read in place: on a big-endian machine, or if the
// address of b is not a multiple of four. len(b) must be a multiple of four; otherwise
// Floats panics.
//
// Ownership: the floats are b's memory, which keeps its owner.
func Floats(b []byte) ([]float32, bool) {
	if len(b)%floatBytes != 0 {
		panic(fmt.Sprintf("wire: %d bytes are no floats", len(b)))
	}
	p := unsafe.Pointer(unsafe.SliceData(b))
	if !littleEndian || uintptr(p)%floatBytes != 0 {
		return nil, false
	}
	return unsafe.Slice((*float32)(p), len(b)/floatBytes), true
}

func copyFloats(dst []float32, src []byte) {
	if len(src) != floatBytes*len(dst) {
		panic(fmt.Sprintf("wire: %d floats copied from %d bytes", len(dst), len(src)))
	}
	if littleEndian {
		copy(bytesOf(dst), src)
	} else {
		decodeFloats(dst, src)
	}
}

func appendFloats(dst []byte, src []float32) []byte {
	if littleEndian {
		return append(dst, bytesOf(src)...)
	}
	return encodeFloats(dst, src)
}

// bytesOf returns the memory of f. If littleEndian is true, that is the encoding of f.
func bytesOf(f []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(f))), floatBytes*len(f))
}

// decodeFloats decodes src into dst. It is right on machines of either byte order.
func decodeFloats(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[floatBytes*i:]))
	}
}

// encodeFloats appends the encoding of src. It is right on machines of either byte order.
func encodeFloats(dst []byte, src []float32) []byte {
	for _, f := range src {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(f))
	}
	return dst
}
