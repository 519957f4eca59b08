package bufpool_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/disrust/disrust/bufpool"
)

func TestNewRefusesSizes(t *testing.T) {
	sizes := []int{0, -1, math.MinInt}
	if math.MaxInt > math.MaxInt32 {
		sizes = append(sizes, math.MaxInt) // a 32-bit system may have that much memory
	}
	for _, size := range sizes {
		pool, err := bufpool.New(bufpool.Config{Size: size})
		if err == nil || !strings.HasPrefix(err.Error(), "bufpool: ") {
			t.Errorf("New(%d): error %v", size, err)
		}
		if pool != nil {
			t.Errorf("New(%d) returned a pool", size)
		}
	}
}

func TestNewRefusesSpans(t *testing.T) {
	for _, spans := range []int{-1, math.MinInt, math.MaxInt} {
		if pool, err := bufpool.New(bufpool.Config{Size: 1, Spans: spans}); err == nil || pool != nil || !strings.HasPrefix(err.Error(), "bufpool: ") {
			t.Errorf("%d spans: pool %v, error %v", spans, pool, err)
		}
	}
}

// TestSpansAreBounded: a pool with room for more bytes, but for no more spans, is
// exhausted.
func TestSpansAreBounded(t *testing.T) {
	pool, err := bufpool.New(bufpool.Config{Size: 1000, Spans: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	oldest := write(t, pool, make([]byte, 1))
	for range 3 { // three are rounded up to four
		write(t, pool, make([]byte, 1))
	}
	expectExhausted(t, pool, 1, 4, 4)
	pool.Release(oldest)
	mustAlloc(t, pool, 900)
	expectExhausted(t, pool, 1, 903, 4)
}

func TestNewTakesOddSizes(t *testing.T) {
	for _, size := range []int{1, 7, 4095, 4097, 4<<20 + 1} {
		pool := newPool(t, size)
		if got := len(pool.Memory()); got != size || pool.Capacity() != size {
			t.Errorf("New(%d): memory %d, capacity %d", size, got, pool.Capacity())
		}
		span := pool.Freeze(mustAlloc(t, pool, size))
		pool.Bytes(span)[size-1] = 1
		pool.Release(span)
	}
}

func TestConsecutiveBuffersArePacked(t *testing.T) {
	pool := newPool(t, 64)
	for i, want := range []struct{ size, offset int }{{3, 0}, {1, 3}, {7, 4}, {53, 11}} {
		buf := mustAlloc(t, pool, want.size)
		if buf.Offset() != want.offset || len(buf.Bytes()) != want.size {
			t.Errorf("buffer %d: offset %d, %d bytes", i, buf.Offset(), len(buf.Bytes()))
		}
	}
	if pool.InUse() != 64 || pool.Utilisation() != 1 {
		t.Errorf("in use %d, utilisation %v", pool.InUse(), pool.Utilisation())
	}
}

func TestAdjacentSpansAreOneMatrix(t *testing.T) {
	pool := newPool(t, 64)
	write(t, pool, []byte("first row "))
	write(t, pool, []byte("second row"))
	if got := string(pool.Memory()[:20]); got != "first row second row" {
		t.Errorf("memory holds %q", got)
	}
}

func TestAppendToBytesLeavesTheNextBufferAlone(t *testing.T) {
	pool := newPool(t, 16)
	first := mustAlloc(t, pool, 4)
	second := mustAlloc(t, pool, 4)
	_ = append(first.Bytes(), 0xff)
	span := pool.Freeze(first)
	_ = append(pool.Bytes(span), 0xff)
	if second.Bytes()[0] != 0 {
		t.Error("append reached the next buffer")
	}
}

func TestFullIsNotEmpty(t *testing.T) {
	pool := newPool(t, 8)
	span := pool.Freeze(mustAlloc(t, pool, 8))
	expectExhausted(t, pool, 1, 8, 1)
	pool.Release(span)
	if pool.InUse() != 0 {
		t.Errorf("in use %d after the last release", pool.InUse())
	}
	mustAlloc(t, pool, 8)
}

func TestFullAfterAWrapIsNotEmpty(t *testing.T) {
	pool := newPool(t, 8)
	first := write(t, pool, make([]byte, 3))
	second := write(t, pool, make([]byte, 5))
	pool.Release(first)
	third := write(t, pool, make([]byte, 3)) // head meets tail
	expectExhausted(t, pool, 1, 8, 2)
	pool.Release(second)
	if pool.InUse() != 3 || third.Offset != 0 {
		t.Errorf("in use %d, third at %d", pool.InUse(), third.Offset)
	}
	fourth := write(t, pool, make([]byte, 5))
	if fourth.Offset != 3 {
		t.Errorf("fourth at %d", fourth.Offset)
	}
}

func TestPaddingCountsAndComesHome(t *testing.T) {
	pool := newPool(t, 10)
	first := write(t, pool, make([]byte, 4))
	second := write(t, pool, make([]byte, 4))
	pool.Release(first)
	third := write(t, pool, make([]byte, 3)) // skips bytes 8 and 9
	if third.Offset != 0 || pool.InUse() != 4+2+3 {
		t.Fatalf("third at %d, in use %d", third.Offset, pool.InUse())
	}
	expectExhausted(t, pool, 2, 9, 2)
	pool.Release(second)
	if pool.InUse() != 3 {
		t.Fatalf("in use %d: the padding was not freed", pool.InUse())
	}
	if buf := mustAlloc(t, pool, 7); buf.Offset() != 3 {
		t.Errorf("offset %d", buf.Offset())
	}
	if pool.MaxInUse() != 10 {
		t.Errorf("max in use %d", pool.MaxInUse())
	}
}

func TestRefusalTakesNoPadding(t *testing.T) {
	pool := newPool(t, 10)
	write(t, pool, make([]byte, 6))
	expectExhausted(t, pool, 5, 6, 1)
	if buf := mustAlloc(t, pool, 4); buf.Offset() != 6 {
		t.Errorf("offset %d after a refusal", buf.Offset())
	}
}

func TestEmptyStartsOver(t *testing.T) {
	pool := newPool(t, 100)
	for range 1000 {
		first, second := write(t, pool, make([]byte, 30)), write(t, pool, make([]byte, 20))
		if first.Offset != 0 || second.Offset != 30 {
			t.Fatalf("offsets %d and %d", first.Offset, second.Offset)
		}
		pool.Release(first)
		pool.Release(second)
		pool.Release(write(t, pool, make([]byte, 100)))
	}
}

func TestErrorsSayWhat(t *testing.T) {
	pool := newPool(t, 8)
	_, err := pool.Alloc(9)
	var tooLarge *bufpool.TooLarge
	if !errors.As(err, &tooLarge) || *tooLarge != (bufpool.TooLarge{Requested: 9, Capacity: 8}) {
		t.Errorf("Alloc(9): %v", err)
	}
	if want := "bufpool: 9 bytes exceed the pool's capacity of 8"; err.Error() != want {
		t.Errorf("error %q", err)
	}
	mustAlloc(t, pool, 5)
	_, err = pool.Alloc(4)
	if want := "bufpool: no room for 4 bytes: 5 of 8 bytes in use, live spans: 1"; err == nil || err.Error() != want {
		t.Errorf("error %v", err)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	pool := newPool(t, 1<<20)
	row := bytes.Repeat([]byte{1}, rowSize)
	cycle := func() {
		first, second := write(t, pool, row), write(t, pool, row)
		if _, err := pool.Alloc(1 << 20); err == nil {
			t.Fatal("allocated over live rows")
		}
		if _, err := pool.Alloc(2 << 20); err == nil {
			t.Fatal("allocated more than the capacity")
		}
		pool.Release(first)
		pool.Release(second)
	}
	if got := testing.AllocsPerRun(100, cycle); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func TestLentBytesOnAnotherGoroutine(t *testing.T) {
	pool := newPool(t, 4096)
	out, back := make(chan bufpool.Span, 8), make(chan bufpool.Span, 8)
	go func() {
		defer close(back)
		for span := range out {
			rows := pool.Bytes(span)
			for i := range rows {
				rows[i] *= 2
			}
			back <- span
		}
	}()
	takeBack := func() {
		span := <-back
		if rows := pool.Bytes(span); rows[0] != 14 || rows[len(rows)-1] != 14 {
			t.Errorf("%+v came back as %d..%d", span, rows[0], rows[len(rows)-1])
		}
		pool.Release(span)
	}
	for i := range 1000 {
		if i >= 8 {
			takeBack()
		}
		out <- write(t, pool, bytes.Repeat([]byte{7}, 1+i%400))
	}
	close(out)
	for range 8 {
		takeBack()
	}
	if pool.InUse() != 0 {
		t.Errorf("in use %d", pool.InUse())
	}
}

func expectExhausted(t *testing.T, pool *bufpool.Pool, size, inUse, spans int) {
	t.Helper()
	_, err := pool.Alloc(size)
	want := bufpool.Exhausted{Requested: size, InUse: inUse, Capacity: pool.Capacity(), Spans: spans}
	var exhausted *bufpool.Exhausted
	if !errors.As(err, &exhausted) || *exhausted != want {
		t.Errorf("Alloc(%d): %v, want %+v", size, err, want)
	}
}
