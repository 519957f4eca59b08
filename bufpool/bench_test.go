package bufpool_test

import (
	"fmt"
	"testing"

	"github.com/disrust/disrust/bufpool"
)

const rowSize = 512 // bytes: 128 float32

// BenchmarkAllocSizes is the life of a request in the pool: alloc, write the rows,
// freeze, and release. 16 requests are live at any time.
func BenchmarkAllocSizes(b *testing.B) {
	for _, vectors := range []int{1, 2, 4, 8, 16, 32, 64} {
		b.Run(fmt.Sprintf("vectors=%d", vectors), func(b *testing.B) {
			const depth = 16
			size := vectors * rowSize
			pool := newPool(b, 8<<20)
			source := make([]byte, size)
			var spans [depth]bufpool.Span
			for i := range spans {
				spans[i] = write(b, pool, source)
			}
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for i := 0; b.Loop(); i++ {
				pool.Release(spans[i%depth])
				spans[i%depth] = write(b, pool, source)
			}
		})
	}
}

// BenchmarkPoolSizes keeps a pool full of 512-byte rows and reads each row back
// when it is the oldest, a whole cycle of the pool after it was written. When the
// pool outgrows a cache, the time rises in a step.
func BenchmarkPoolSizes(b *testing.B) {
	for _, kib := range []int{16, 64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20} {
		b.Run(sizeName(kib), func(b *testing.B) {
			capacity := kib << 10
			pool := newPool(b, capacity)
			var source, sink [rowSize]byte
			for range capacity / rowSize {
				write(b, pool, source[:])
			}
			oldest := bufpool.Span{Size: rowSize}
			b.ReportAllocs()
			b.SetBytes(rowSize)
			for b.Loop() {
				copy(sink[:], pool.Bytes(oldest))
				pool.Release(oldest)
				write(b, pool, source[:])
				if oldest.Offset += rowSize; oldest.Offset == capacity {
					oldest.Offset = 0
				}
			}
		})
	}
}

// BenchmarkLong is for a profiler. It does little besides the pool's own work: it
// writes one cache line per buffer, mixes the sizes as requests do, and keeps 16
// buffers live.
func BenchmarkLong(b *testing.B) {
	const depth = 16
	pool := newPool(b, 8<<20)
	source := make([]byte, 64)
	var spans [depth]bufpool.Span
	for i := range spans {
		spans[i] = pool.Freeze(mustAlloc(b, pool, rowSize))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		pool.Release(spans[i%depth])
		buf := mustAlloc(b, pool, rowSize<<(i*5%7))
		copy(buf.Bytes(), source)
		spans[i%depth] = pool.Freeze(buf)
	}
}

func newPool(tb testing.TB, capacity int) *bufpool.Pool {
	tb.Helper()
	pool, err := bufpool.New(bufpool.Config{Size: capacity})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := pool.Close(); err != nil {
			tb.Error(err)
		}
	})
	return pool
}

func write(tb testing.TB, pool *bufpool.Pool, rows []byte) bufpool.Span {
	buf := mustAlloc(tb, pool, len(rows))
	copy(buf.Bytes(), rows)
	return pool.Freeze(buf)
}

func mustAlloc(tb testing.TB, pool *bufpool.Pool, size int) bufpool.Buf {
	buf, err := pool.Alloc(size)
	if err != nil {
		tb.Fatal(err)
	}
	return buf
}

func sizeName(kib int) string {
	switch {
	case kib >= 1<<20:
		return fmt.Sprintf("%dGiB", kib>>20)
	case kib >= 1<<10:
		return fmt.Sprintf("%dMiB", kib>>10)
	default:
		return fmt.Sprintf("%dKiB", kib)
	}
}
