package bufpool_test

import (
	"errors"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/disrust/disrust/bufpool"
	"pgregory.net/rapid"
)

func TestPoolIsAFIFOOfDisjointBuffers(t *testing.T) { rapid.Check(t, poolProperty) }

func FuzzPool(f *testing.F) { f.Fuzz(rapid.MakeFuzz(poolProperty)) }

// poolProperty makes any mix of calls, right and wrong, and compares the pool with
// the model.
func poolProperty(t *rapid.T) {
	m := newModel(t, rapid.IntRange(1, 200).Draw(t, "capacity"), rapid.OneOf(rapid.IntRange(1, 8), rapid.Just(256)).Draw(t, "spans"))
	defer m.pool.Close()
	sizes := rapid.OneOf(rapid.IntRange(1, m.capacity/4+1), rapid.IntRange(1, m.capacity+1))
	t.Repeat(map[string]func(*rapid.T){
		"alloc":   func(t *rapid.T) { m.alloc(t, sizes.Draw(t, "size")) },
		"freeze":  func(t *rapid.T) { m.freeze(t) },
		"release": func(t *rapid.T) { m.release(t) },
		"misrelease": func(t *rapid.T) {
			numbers := rapid.IntRange(-1, m.capacity+1)
			m.misrelease(t, bufpool.Span{Offset: numbers.Draw(t, "offset"), Size: numbers.Draw(t, "size")})
		},
		"": func(t *rapid.T) { m.check(t) },
	})
	m.drain(t)
}

// TestManyWraps wraps small pools thousands of times; rapid's runs are too short
// for that.
func TestManyWraps(t *testing.T) {
	const seed, minWraps = 7, 3000
	random := rand.New(rand.NewPCG(seed, seed))
	for _, capacity := range []int{1, 2, 3, 64, 1000} {
		m := newModel(t, capacity, 256)
		for m.wraps < minWraps && m.allocs < 20*minWraps {
			switch random.IntN(5) {
			case 0, 1:
				m.alloc(t, 1+random.IntN((capacity+2)/3))
			case 2:
				m.freeze(t)
			case 3:
				m.freeze(t)
				m.release(t)
			case 4:
				m.alloc(t, 1+random.IntN(capacity))
			}
			m.check(t)
		}
		if capacity > 2 && m.wraps < minWraps {
			t.Errorf("capacity %d: %d wraps", capacity, m.wraps)
		}
		m.drain(t)
		if err := m.pool.Close(); err != nil {
			t.Error(err)
		}
	}
}

// model describes a pool by its live spans alone. It has no head, tail or padding:
// it finds room by checking each live span for an overlap.
type model struct {
	pool     *bufpool.Pool
	capacity int
	spans    int            // most spans live at once
	live     []bufpool.Span // oldest first
	marks    []byte         // for each live span, the value of all its bytes
	bufs     []bufpool.Buf  // of the newest live spans, those not yet frozen
	maxInUse int
	allocs   int
	wraps    int
}

func newModel(t rapid.TB, capacity, spans int) *model {
	pool, err := bufpool.New(bufpool.Config{Size: capacity, Spans: spans})
	if err != nil {
		t.Fatal(err)
	}
	return &model{pool: pool, capacity: capacity, spans: 1 << bits.Len(uint(spans-1))}
}

func (m *model) full() bool { return len(m.live) == m.spans }

// place returns where a buffer must go: behind the newest buffer if that place is
// free, else at the start if that is free, else -1.
func (m *model) place(size int) int {
	if m.full() {
		return -1
	}
	behind := 0
	if n := len(m.live); n > 0 {
		behind = m.live[n-1].Offset + m.live[n-1].Size
	}
	for _, offset := range []int{behind, 0} {
		if m.isFree(offset, size) {
			return offset
		}
	}
	return -1
}

func (m *model) isFree(offset, size int) bool {
	for _, s := range m.live {
		if offset < s.Offset+s.Size && s.Offset < offset+size {
			return false
		}
	}
	return offset+size <= m.capacity
}

// inUse returns the live bytes plus the padding at the end, if any.
func (m *model) inUse() int {
	sum, end := 0, -1
	for _, s := range m.live {
		if end >= 0 && s.Offset != end {
			sum += m.capacity - end
		}
		sum, end = sum+s.Size, s.Offset+s.Size
	}
	return sum
}

func (m *model) alloc(t rapid.TB, size int) {
	want := m.place(size)
	free := m.capacity - m.inUse()
	buf, err := m.pool.Alloc(size)
	if err != nil {
		m.checkRefusal(t, size, want, free, err)
		return
	}
	if buf.Offset() != want || len(buf.Bytes()) != size {
		t.Fatalf("Alloc(%d) at %d with %d bytes, the model says %d", size, buf.Offset(), len(buf.Bytes()), want)
	}
	if want == 0 && len(m.live) > 0 {
		m.wraps++
	}
	m.allocs++
	mark := byte(m.allocs)
	for i := range buf.Bytes() {
		buf.Bytes()[i] = mark
	}
	m.live = append(m.live, bufpool.Span{Offset: want, Size: size})
	m.marks = append(m.marks, mark)
	m.bufs = append(m.bufs, buf)
	m.maxInUse = max(m.maxInUse, m.inUse())
}

func (m *model) checkRefusal(t rapid.TB, size, want, free int, err error) {
	if want >= 0 || free >= 2*size-1 && !m.full() {
		t.Fatalf("Alloc(%d) with %d free, the model says at %d: %v", size, free, want, err)
	}
	var tooLarge *bufpool.TooLarge
	var exhausted *bufpool.Exhausted
	switch {
	case size > m.capacity && errors.As(err, &tooLarge):
		if *tooLarge != (bufpool.TooLarge{Requested: size, Capacity: m.capacity}) {
			t.Fatalf("Alloc(%d): %+v", size, tooLarge)
		}
	case size <= m.capacity && errors.As(err, &exhausted):
		if *exhausted != (bufpool.Exhausted{Requested: size, InUse: m.inUse(), Capacity: m.capacity, Spans: len(m.live)}) {
			t.Fatalf("Alloc(%d): %+v", size, exhausted)
		}
	default:
		t.Fatalf("Alloc(%d): %v", size, err)
	}
}

func (m *model) freeze(t rapid.TB) {
	if len(m.bufs) == 0 {
		return
	}
	want := m.live[len(m.live)-len(m.bufs)]
	if got := m.pool.Freeze(m.bufs[0]); got != want {
		t.Fatalf("Freeze: %+v, the model says %+v", got, want)
	}
	m.bufs = m.bufs[1:]
}

func (m *model) release(t rapid.TB) {
	if len(m.live) == len(m.bufs) {
		return
	}
	for i, b := range m.pool.Bytes(m.live[0]) {
		if b != m.marks[0] {
			t.Fatalf("byte %d of %+v was overwritten", i, m.live[0])
		}
	}
	m.pool.Release(m.live[0])
	m.live, m.marks = m.live[1:], m.marks[1:]
}

// misrelease expects Release of a wrong span to panic. The next check makes sure
// that nothing has changed.
func (m *model) misrelease(t rapid.TB, s bufpool.Span) {
	if len(m.live) > len(m.bufs) && s == m.live[0] {
		return
	}
	defer func() {
		if message, _ := recover().(string); !strings.HasPrefix(message, "bufpool: Release") {
			t.Fatalf("Release(%+v): panic %q", s, message)
		}
	}()
	m.pool.Release(s)
}

func (m *model) check(t rapid.TB) {
	if got, want := m.pool.InUse(), m.inUse(); got != want {
		t.Fatalf("in use %d, the model says %d", got, want)
	}
	if got := m.pool.MaxInUse(); got != m.maxInUse {
		t.Fatalf("max in use %d, the model says %d", got, m.maxInUse)
	}
}

// drain gives everything back. Afterwards the whole capacity must be free.
func (m *model) drain(t rapid.TB) {
	for len(m.live) > 0 {
		m.freeze(t)
		m.release(t)
	}
	m.check(t)
	m.alloc(t, m.capacity)
	m.freeze(t)
	m.release(t)
	m.check(t)
}
