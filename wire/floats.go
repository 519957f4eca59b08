package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"
)

// CopyRows copies the payload of a request, src, into dst. dst must have len(src)/4
// elements; otherwise CopyRows panics. src may lie at any address and must not overlap
// dst. All bits are kept, whatever they mean as floats.
//
// Cost: one memmove on a little-endian machine, otherwise a loop over the elements.
func CopyRows(dst []float32, src []byte) { copyFloats(dst, src) }

// CopyScores is CopyRows for the payload of a response.
func CopyScores(dst []float32, src []byte) { copyFloats(dst, src) }

// Floats returns the memory of b as the float32s that it encodes, without a copy, and
// true, if they can be read there: on a little-endian machine, if b begins at a multiple
// of four bytes. Otherwise it returns nil and false. len(b) must be a multiple of four;
// otherwise Floats panics. The floats share b's memory, which keeps its owner.
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

// bytesOf returns the memory of f. Where littleEndian, that is f's encoding.
func bytesOf(f []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(f))), floatBytes*len(f))
}

// decodeFloats is right for every byte order.
func decodeFloats(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[floatBytes*i:]))
	}
}

// encodeFloats is right for every byte order.
func encodeFloats(dst []byte, src []float32) []byte {
	for _, f := range src {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(f))
	}
	return dst
}
