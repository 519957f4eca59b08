package wire

import (
	"fmt"
	"testing"
)

// benchBytes is the size of the memory that the benchmarks parse and copy, instead of one
// frame that stays in the cache.
const benchBytes = 64 << 10

// frameSink keeps results that the compiler could otherwise optimise away.
var frameSink Frame

func BenchmarkParseRequest(b *testing.B) {
	stream, rows := make([]byte, 0, 2*benchBytes), make([]float32, DefaultDim)
	for len(stream) < benchBytes {
		stream = AppendRequest(stream, 1, rows)
	}
	b.ReportAllocs()
	at := 0
	for b.Loop() {
		frameSink = Default.ParseRequest(stream[at:])
		if at += frameSink.Bytes; at == len(stream) {
			at = 0
		}
	}
}

func BenchmarkCopyRows(b *testing.B) {
	for _, vectors := range []int{1, 64} {
		b.Run(fmt.Sprintf("vectors=%d", vectors), func(b *testing.B) {
			size := vectors * Default.RowBytes()
			src, dst := make([]byte, benchBytes+1)[1:], make([]float32, vectors*DefaultDim)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			at := 0
			for b.Loop() {
				CopyRows(dst, src[at:at+size])
				if at += size; at+size > len(src) {
					at = 0
				}
			}
		})
	}
}

func BenchmarkDecodePortable(b *testing.B) {
	src, dst := make([]byte, Default.RowBytes()), make([]float32, DefaultDim)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		decodeFloats(dst, src)
	}
}

func BenchmarkAppendResponse(b *testing.B) {
	for _, vectors := range []int{1, 64} {
		b.Run(fmt.Sprintf("vectors=%d", vectors), func(b *testing.B) {
			scores := make([]float32, vectors)
			dst := make([]byte, 0, benchBytes)
			b.ReportAllocs()
			for b.Loop() {
				if cap(dst)-len(dst) < Default.ResponseBytes(vectors) {
					dst = dst[:0]
				}
				dst = AppendResponse(dst, vectors, scores)
			}
		})
	}
}

func BenchmarkAppendRequest(b *testing.B) {
	for _, vectors := range []int{1, 64} {
		b.Run(fmt.Sprintf("vectors=%d", vectors), func(b *testing.B) {
			rows := make([]float32, vectors*DefaultDim)
			dst := make([]byte, 0, benchBytes)
			b.SetBytes(int64(Default.RequestBytes(vectors)))
			b.ReportAllocs()
			for b.Loop() {
				if cap(dst)-len(dst) < Default.RequestBytes(vectors) {
					dst = dst[:0]
				}
				dst = AppendRequest(dst, vectors, rows)
			}
		})
	}
}
