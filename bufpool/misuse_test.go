package bufpool_test

import (
	"math"
	"strings"
	"testing"

	"github.com/disrust/disrust/bufpool"
)

func TestAllocOfNothingPanics(t *testing.T) {
	pool := newPool(t, 8)
	for _, size := range []int{0, -1, math.MinInt} {
		expectPanic(t, "bufpool: Alloc", func() { _, _ = pool.Alloc(size) })
	}
}

func TestFreezeMisusePanics(t *testing.T) {
	pool, other := newPool(t, 64), newPool(t, 64)
	first, second := mustAlloc(t, pool, 4), mustAlloc(t, pool, 4)
	foreign := mustAlloc(t, other, 4)
	for name, buf := range map[string]bufpool.Buf{"early": second, "foreign": foreign, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			expectPanic(t, "bufpool: Freeze", func() { pool.Freeze(buf) })
		})
	}
	pool.Freeze(first)
	expectPanic(t, "bufpool: Freeze", func() { pool.Freeze(first) })
	pool.Freeze(second)
}

func TestFreezeOfAStaleBufPanics(t *testing.T) {
	pool := newPool(t, 64)
	stale := mustAlloc(t, pool, 4)
	pool.Release(pool.Freeze(stale))
	fresh := mustAlloc(t, pool, 4)
	if fresh.Offset() != stale.Offset() {
		t.Fatalf("offset %d, not %d", fresh.Offset(), stale.Offset())
	}
	expectPanic(t, "bufpool: Freeze", func() { pool.Freeze(stale) })
	pool.Release(pool.Freeze(fresh))
}

func TestReleaseMisusePanics(t *testing.T) {
	pool := newPool(t, 64)
	first := write(t, pool, make([]byte, 4))
	second := write(t, pool, make([]byte, 4))
	unfrozen := mustAlloc(t, pool, 4)
	misuse := func(name string, span bufpool.Span) {
		t.Run(name, func(t *testing.T) {
			expectPanic(t, "bufpool: Release", func() { pool.Release(span) })
			if pool.InUse() != 12 {
				t.Errorf("in use %d", pool.InUse())
			}
		})
	}
	misuse("out of order", second)
	misuse("never allocated", bufpool.Span{Offset: 32, Size: 4})
	misuse("outside", bufpool.Span{Offset: -4, Size: 4})
	misuse("zero", bufpool.Span{})
	misuse("part of a span", bufpool.Span{Offset: 0, Size: 3})
	misuse("two spans as one", bufpool.Span{Offset: 0, Size: 8})
	pool.Release(first)
	expectPanic(t, "bufpool: Release", func() { pool.Release(first) })
	pool.Release(second)
	oldest := bufpool.Span{Offset: unfrozen.Offset(), Size: 4}
	expectPanic(t, "bufpool: Release", func() { pool.Release(oldest) })
	pool.Release(pool.Freeze(unfrozen))
	expectPanic(t, "bufpool: Release", func() { pool.Release(oldest) })
}

func TestBytesOutsideTheArenaPanics(t *testing.T) {
	pool := newPool(t, 64)
	for _, span := range []bufpool.Span{
		{}, {Offset: 0, Size: 65}, {Offset: 64, Size: 1}, {Offset: 63, Size: 2}, {Offset: -1, Size: 4}, {Offset: 4, Size: -1},
		{Offset: 65, Size: math.MaxInt}, {Offset: 1, Size: math.MaxInt}, {Offset: math.MaxInt, Size: math.MaxInt},
		{Offset: math.MinInt, Size: 1}, {Offset: 0, Size: math.MinInt}, {Offset: 70, Size: 1},
	} {
		expectPanic(t, "bufpool: Bytes", func() { pool.Bytes(span) })
	}
	expectPanic(t, "bufpool: Bytes", func() { bufpool.Buf{}.Bytes() })
}

func TestUseAfterClosePanics(t *testing.T) {
	pool, err := bufpool.New(bufpool.Config{Size: 64})
	if err != nil {
		t.Fatal(err)
	}
	buf := mustAlloc(t, pool, 4)
	span := pool.Freeze(buf)
	for range 2 {
		if err := pool.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	for name, use := range map[string]func(){
		"Alloc":       func() { _, _ = pool.Alloc(1) },
		"Freeze":      func() { pool.Freeze(buf) },
		"Release":     func() { pool.Release(span) },
		"Bytes":       func() { pool.Bytes(span) },
		"Buf.Bytes":   func() { buf.Bytes() },
		"Memory":      func() { pool.Memory() },
		"Capacity":    func() { pool.Capacity() },
		"InUse":       func() { pool.InUse() },
		"MaxInUse":    func() { pool.MaxInUse() },
		"Utilisation": func() { pool.Utilisation() },
	} {
		t.Run(name, func(t *testing.T) {
			expectPanic(t, "bufpool: use of a closed pool", use)
		})
	}
}

func expectPanic(t *testing.T, prefix string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if message, _ := recover().(string); !strings.HasPrefix(message, prefix) {
			t.Errorf("panic %q, want %q...", message, prefix)
		}
	}()
	f()
}
