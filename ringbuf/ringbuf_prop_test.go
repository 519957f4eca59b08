package ringbuf

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// machine drives one ring from one goroutine and compares it with a model. The model
// is the slots claimed and not yet released, in order. Slot k of it has sequence
// base+k.
type machine struct {
	ring      *Ring[uint64]
	wait      *counter
	shared    bool
	producers []*Producer[uint64]
	consumer  *Consumer[uint64]

	base      Sequence
	slots     []modelSlot
	polled    int // how many of slots are polled, from the first on
	closed    bool
	announced bool
	wakes     int64
}

// modelSlot is a slot's producer, the value it wrote, and whether it published it.
type modelSlot struct {
	owner     int
	value     uint64
	published bool
}

func newMachine(t *rapid.T) *machine {
	m := &machine{wait: new(counter), shared: rapid.Bool().Draw(t, "shared")}
	capacity := 1 << rapid.IntRange(0, 4).Draw(t, "capacityLog2")
	producers := 1
	if m.shared {
		m.ring, _ = NewMPSC[uint64](capacity, m.wait)
		producers = rapid.IntRange(1, 4).Draw(t, "producers")
	} else {
		m.ring, _ = NewSPSC[uint64](capacity, m.wait)
	}
	for range producers {
		m.producers = append(m.producers, m.ring.Producer())
	}
	m.consumer = m.ring.Consumer()
	return m
}

// claim claims and writes a run for some producer.
func (m *machine) claim(t *rapid.T) {
	owner := rapid.IntRange(0, len(m.producers)-1).Draw(t, "owner")
	count := rapid.IntRange(1, m.ring.Capacity()).Draw(t, "count")
	p := m.producers[owner]
	lo, ok := p.Claim(count)
	if want := !m.closed && len(m.slots)+count <= m.ring.Capacity(); ok != want {
		t.Fatalf("Claim(%d) = %v with %d of %d slots in use", count, ok, len(m.slots), m.ring.Capacity())
	}
	if !ok {
		return
	}
	if want := m.base + Sequence(len(m.slots)); lo != want {
		t.Fatalf("claimed from %d, want %d", lo, want)
	}
	first, second := p.Slots(lo, count)
	for _, run := range [][]uint64{first, second} {
		for i := range run {
			run[i] = rapid.Uint64().Draw(t, "value")
			m.slots = append(m.slots, modelSlot{owner: owner, value: run[i]})
		}
	}
}

// publish publishes some adjacent slots of one producer.
func (m *machine) publish(t *rapid.T) {
	begin := rapid.IntRange(0, max(0, len(m.slots)-1)).Draw(t, "begin")
	for begin < len(m.slots) && m.slots[begin].published {
		begin++
	}
	for !m.shared && begin > 0 && !m.slots[begin-1].published {
		begin-- // one producer publishes in order
	}
	end := begin
	for end < len(m.slots) && !m.slots[end].published && m.slots[end].owner == m.slots[begin].owner {
		end++
	}
	if begin == end {
		return
	}
	end = rapid.IntRange(begin+1, end).Draw(t, "end")
	for k := begin; k < end; k++ {
		m.slots[k].published = true
	}
	m.producers[m.slots[begin].owner].Publish(m.base+Sequence(begin), end-begin)
	m.wake()
}

// wake does in the model what Publish and Close do: it answers the announcement, if
// there is one, with a wake.
func (m *machine) wake() {
	if m.announced {
		m.announced = false
		m.wakes++
	}
}

// visible counts the slots that Poll could return.
func (m *machine) visible() int {
	end := m.polled
	for end < len(m.slots) && m.slots[end].published {
		end++
	}
	return end - m.polled
}

// poll polls with some maximum: small, large or unbounded.
func (m *machine) poll(t *rapid.T) {
	limit := rapid.OneOf(rapid.IntRange(0, 20), rapid.Just(math.MaxInt)).Draw(t, "max")
	lo, count := m.consumer.Poll(limit)
	if want := min(limit, m.visible()); count != want {
		t.Fatalf("Poll(%d) = %d slots, want %d", limit, count, want)
	}
	if want := m.base + Sequence(m.polled); lo != want {
		t.Fatalf("polled from %d, want %d", lo, want)
	}
	for k := range count {
		if got, want := *m.consumer.Slot(lo + Sequence(k)), m.slots[m.polled+k].value; got != want {
			t.Fatalf("sequence %d holds %#x, want %#x", lo+Sequence(k), got, want)
		}
	}
	m.polled += count
}

// release frees some of the polled slots, often all.
func (m *machine) release(t *rapid.T) {
	count := m.polled - rapid.IntRange(0, m.polled).Draw(t, "kept")
	m.consumer.Release(count)
	m.base += Sequence(count)
	m.slots = m.slots[count:]
	m.polled -= count
}

// announce announces a sleep or withdraws the announcement.
func (m *machine) announce(t *rapid.T) {
	if rapid.Bool().Draw(t, "awake") {
		m.consumer.Awake()
		m.announced = false
		return
	}
	drained := m.closed && m.polled == len(m.slots)
	m.announced = m.consumer.Announce()
	if want := m.visible() == 0 && !drained; m.announced != want {
		t.Fatalf("Announce() = %v with %d slots visible, drained %v", m.announced, m.visible(), drained)
	}
	switch {
	case drained && m.consumer.Wait():
		t.Fatal("Wait goes on past the end")
	case m.visible() > 0 && !m.consumer.Wait():
		t.Fatal("Wait ended before the end")
	}
}

// close closes the ring, for the first time or again.
func (m *machine) close(*rapid.T) {
	m.ring.Close()
	m.closed = true
	m.wake()
}

// check runs after every step.
func (m *machine) check(t *rapid.T) {
	if got := m.ring.Occupancy(); got != len(m.slots) {
		t.Fatalf("occupancy %d, want %d", got, len(m.slots))
	}
	if got, want := m.consumer.Ready(), m.visible() > 0; got != want {
		t.Fatalf("Ready() = %v, want %v", got, want)
	}
	if got := m.wait.wakes.Load(); got != m.wakes {
		t.Fatalf("%d wakes, want %d", got, m.wakes)
	}
}

// propFIFO: a ring is a bounded FIFO of claims, for any order of calls. The ring is
// open during most of the calls, so that it wraps many times.
func propFIFO(t *rapid.T) {
	m := newMachine(t)
	actions := map[string]func(*rapid.T){
		"claim":    m.claim,
		"publish":  m.publish,
		"poll":     m.poll,
		"release":  m.release,
		"announce": m.announce,
		"":         m.check,
	}
	for range 20 {
		t.Repeat(actions)
	}
	actions["close"] = m.close
	t.Repeat(actions)
}

func TestPropFIFO(t *testing.T) { rapid.Check(t, propFIFO) }

func FuzzFIFO(f *testing.F) { f.Fuzz(rapid.MakeFuzz(propFIFO)) }
