package slab_test

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/disrust/disrust/slab"
	"pgregory.net/rapid"
)

func TestSlabIsAMap(t *testing.T) { rapid.Check(t, slabProperty) }

func FuzzSlab(f *testing.F) { f.Fuzz(rapid.MakeFuzz(slabProperty)) }

// slabProperty makes any mix of calls and compares the slab with a map. Some slots
// start near their last generation, so that they retire during the test.
func slabProperty(t *rapid.T) {
	capacity := rapid.IntRange(1, 12).Draw(t, "capacity")
	s, err := slab.New[int](capacity)
	if err != nil {
		t.Fatal(err)
	}
	m := &model{slab: s, live: map[slab.Key]int{}}
	for i := range capacity {
		if rapid.Bool().Draw(t, "old") {
			s.SetGeneration(i, math.MaxUint32-1)
		}
	}
	t.Repeat(map[string]func(*rapid.T){
		"insert": m.insert,
		"remove": m.remove,
		"sweep":  m.sweep,
		"forge":  m.forge,
		"":       m.check,
	})
}

// model is a map of the live keys, and a list of the stale ones. A slot is retired
// when the key of its last generation is stale.
type model struct {
	slab    *slab.Slab[int]
	live    map[slab.Key]int
	stale   []slab.Key
	retired int
	serial  int
}

func (m *model) insert(t *rapid.T) {
	m.serial++
	k, ok := m.slab.Insert(m.serial)
	if want := len(m.live)+m.retired < m.slab.Cap(); ok != want {
		t.Fatalf("Insert: %v with %d live and %d retired of %d", ok, len(m.live), m.retired, m.slab.Cap())
	}
	if !ok {
		return
	}
	if _, taken := m.live[k]; taken || slices.Contains(m.stale, k) || k == 0 || k>>56 != 0 {
		t.Fatalf("Insert issued %#x", k)
	}
	m.live[k] = m.serial
}

func (m *model) remove(t *rapid.T) {
	if len(m.live) > 0 {
		m.removeKey(t, rapid.SampledFrom(m.keys()).Draw(t, "key"))
	}
}

func (m *model) removeKey(t *rapid.T, k slab.Key) {
	if !m.slab.Remove(k) {
		t.Fatalf("Remove(%#x) says it is stale", k)
	}
	delete(m.live, k)
	m.stale = append(m.stale, k)
	if k.Generation() == math.MaxUint32 {
		m.retired++
	}
}

// sweep removes some of the values while it iterates over them. It must still see
// every value that was there at the start.
func (m *model) sweep(t *rapid.T) {
	lo := rapid.IntRange(0, m.slab.Cap()).Draw(t, "lo")
	hi := rapid.IntRange(lo, m.slab.Cap()).Draw(t, "hi")
	slots, within := m.slab.Range(lo, hi), func(k slab.Key) bool { return lo <= k.Index() && k.Index() < hi }
	if rapid.Bool().Draw(t, "all") {
		slots, within = m.slab.All(), func(slab.Key) bool { return true }
	}
	want := slices.DeleteFunc(m.keys(), func(k slab.Key) bool { return !within(k) })
	mask := rapid.Uint16().Draw(t, "mask")
	var got []slab.Key
	for k, v := range slots {
		if *v != m.live[k] {
			t.Fatalf("slots yield %d for %#x, not %d", *v, k, m.live[k])
		}
		got = append(got, k)
		if mask>>k.Index()&1 == 1 {
			m.removeKey(t, k)
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("slots %d to %d yield %x, not %x", lo, hi, got, want)
	}
}

// forge looks up an invented key that is close to the keys that exist.
func (m *model) forge(t *rapid.T) {
	index := rapid.IntRange(0, m.slab.Cap()).Draw(t, "index")
	generation := rapid.OneOf(rapid.Uint32Max(8), rapid.Uint32Min(math.MaxUint32-2)).Draw(t, "generation")
	op := rapid.Uint8Max(1).Draw(t, "op")
	k := slab.Key(op)<<56 | slab.Key(generation)<<24 | slab.Key(index)
	if _, ok := m.live[k]; (m.slab.Get(k) != nil) != ok {
		t.Fatalf("Get(%#x) differs from the model's %v", k, ok)
	}
}

func (m *model) check(t *rapid.T) {
	if m.slab.Len() != len(m.live) {
		t.Fatalf("len %d, the model says %d", m.slab.Len(), len(m.live))
	}
	for k, want := range m.live {
		if v := m.slab.Get(k); v == nil || *v != want {
			t.Fatalf("Get(%#x) is %v, the model says %d", k, v, want)
		}
	}
	for _, k := range m.stale {
		if m.slab.Get(k) != nil || m.slab.Remove(k) {
			t.Fatalf("stale key %#x resolves", k)
		}
	}
}

// keys returns the live keys in order of index, the order in which All yields them.
func (m *model) keys() []slab.Key {
	return slices.SortedFunc(maps.Keys(m.live), func(a, b slab.Key) int { return a.Index() - b.Index() })
}
