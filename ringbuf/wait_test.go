package ringbuf

import (
	"sync"
	"sync/atomic"
	"testing"
)

var strategies = []struct {
	name string
	make func() WaitStrategy
}{
	{"BusySpin", func() WaitStrategy { return BusySpin{} }},
	{"Yield", func() WaitStrategy { return Yield{} }},
	{"Block", func() WaitStrategy { return NewBlock(10) }},
	{"BlockAtOnce", func() WaitStrategy { return NewBlock(0) }},
}

// counter is a strategy for consumers that sleep outside the ring. It counts wakes.
type counter struct{ wakes atomic.Int64 }

func (*counter) Idle(int) bool { return true }
func (*counter) Sleep()        { panic("the consumer sleeps outside the ring") }
func (w *counter) Wake()       { w.wakes.Add(1) }

func (w *counter) expect(t *testing.T, want int64) {
	t.Helper()
	if got := w.wakes.Load(); got != want {
		t.Fatalf("%d wakes, want %d", got, want)
	}
}

func TestOneWakeForOneAnnouncement(t *testing.T) {
	wait := new(counter)
	r := newMPSC(8, wait)
	a, b, c := r.Producer(), r.Producer(), r.Consumer()

	a.Publish(claim(t, a, 1), 1)
	wait.expect(t, 0) // the consumer is awake
	poll(t, c, 8, 1)

	if !c.Announce() {
		t.Fatal("Announce found something in an empty ring")
	}
	a.Publish(claim(t, a, 1), 1)
	wait.expect(t, 1)
	b.Publish(claim(t, b, 1), 1)
	a.Publish(claim(t, a, 1), 1)
	r.Close()
	wait.expect(t, 1) // the first Publish has answered the announcement
	c.Awake()
	poll(t, c, 8, 3)
}

func TestAnnounceWithdrawsWhenThereIsWork(t *testing.T) {
	wait := new(counter)
	r := newMPSC(8, wait)
	p, c := r.Producer(), r.Consumer()
	p.Publish(claim(t, p, 1), 1)
	if c.Announce() {
		t.Fatal("Announce let the consumer sleep before a published slot")
	}
	p.Publish(claim(t, p, 1), 1)
	wait.expect(t, 0)
}

func TestAwakeWithdraws(t *testing.T) {
	wait := new(counter)
	r := newMPSC(8, wait)
	p, c := r.Producer(), r.Consumer()
	c.Awake() // nothing announced
	if !c.Announce() {
		t.Fatal("Announce found something in an empty ring")
	}
	c.Awake() // woken by something else
	p.Publish(claim(t, p, 1), 1)
	wait.expect(t, 0)
}

// A run that cannot be polled yet wakes the consumer too. The consumer announces
// again, and the run before it wakes it a second time.
func TestEarlyRunWakesTheConsumerToo(t *testing.T) {
	wait := new(counter)
	r := newMPSC(8, wait)
	a, b, c := r.Producer(), r.Producer(), r.Consumer()
	first, second := claim(t, a, 1), claim(t, b, 1)
	c.Announce()
	b.Publish(second, 1)
	wait.expect(t, 1)
	if !c.Announce() {
		t.Fatal("Announce found a run behind an unpublished one")
	}
	a.Publish(first, 1)
	wait.expect(t, 2)
	poll(t, c, 8, 2)
}

func TestBlockKeepsAWakeBeforeTheSleep(t *testing.T) {
	b := NewBlock(2)
	if b.Idle(1) || b.Idle(2) || !b.Idle(3) {
		t.Fatal("NewBlock(2) does not sleep after exactly two polls")
	}
	b.Wake()
	b.Wake() // never blocks
	b.Sleep()
}

func TestSpinnersNeverSleep(t *testing.T) {
	for _, s := range []WaitStrategy{BusySpin{}, Yield{}} {
		for empty := 1; empty <= 2*yieldSpins; empty++ {
			if s.Idle(empty) {
				t.Fatalf("%T sleeps after %d polls", s, empty)
			}
		}
		s.Sleep()
		s.Wake()
	}
}

// doorbell wakes a consumer that sleeps on its channel, and counts the wakes.
type doorbell struct {
	counter
	bell chan struct{}
}

func (d *doorbell) Wake() {
	d.counter.Wake()
	select {
	case d.bell <- struct{}{}:
	default:
	}
}

// Two goroutines hand one slot to and fro over two rings of capacity one, and sleep
// after each handoff, so every handoff races Publish against Announce. One lost
// wake-up would leave both asleep: the test ends only if everything is delivered.
func TestNoWakeIsLost(t *testing.T) {
	const handoffs = 20_000
	var bells [2]*doorbell
	var producers [2]*Producer[int]
	var consumers [2]*Consumer[int]
	for i := range 2 {
		bells[i] = &doorbell{bell: make(chan struct{}, 1)}
		r, _ := NewSPSC[int](1, bells[i])
		producers[i], consumers[i] = r.Producer(), r.Consumer()
	}
	var announced [2]int64
	send := func(i, value int) {
		lo, ok := producers[i].Claim(1)
		if !ok {
			t.Errorf("ring %d full", i)
			return
		}
		*producers[i].Slot(lo) = value
		producers[i].Publish(lo, 1)
	}
	receive := func(i int) int {
		c := consumers[i]
		for {
			if lo, count := c.Poll(1); count == 1 {
				value := *c.Slot(lo)
				c.Release(1)
				return value
			}
			announced[i]++
			if c.Announce() {
				<-bells[i].bell
				c.Awake()
			}
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for range handoffs {
			send(1, receive(0)+1)
		}
	})
	for k := range handoffs {
		send(0, 2*k)
		if got := receive(1); got != 2*k+1 {
			t.Fatalf("received %d, want %d", got, 2*k+1)
		}
	}
	wg.Wait()
	for i, d := range bells {
		if wakes := d.wakes.Load(); wakes > announced[i] {
			t.Errorf("ring %d: %d wakes for %d announcements", i, wakes, announced[i])
		}
	}
}

// TestAlert: an alert ends the current Wait or the next one, and only one. It hides no slot and
// no close.
func TestAlert(t *testing.T) {
	for _, s := range strategies {
		t.Run(s.name, func(t *testing.T) {
			r := newMPSC(8, s.make())
			p, c := r.Producer(), r.Consumer()
			const alerts = 200
			seen := make(chan int)
			go func() {
				for c.Wait() {
					_, count := c.Poll(8)
					c.Release(count)
					seen <- count
				}
				close(seen)
			}()
			for range alerts { // the consumer waits already, or is about to
				r.Alert()
				if count := <-seen; count != 0 {
					t.Fatalf("%d slots after an alert", count)
				}
			}
			p.Publish(claim(t, p, 3), 3)
			if count := <-seen; count != 3 {
				t.Fatalf("%d slots, want 3", count)
			}
			r.Close()
			if count, open := <-seen; open {
				t.Fatalf("Wait returned once more, with %d slots", count)
			}
		})
	}
}

func TestAlertsCountAsOne(t *testing.T) {
	wait := new(counter)
	r := newMPSC(8, wait)
	c := r.Consumer()
	if !c.Announce() {
		t.Fatal("Announce found something in an empty ring")
	}
	r.Alert()
	r.Alert()
	wait.expect(t, 1)
	if c.Announce() {
		t.Fatal("Announce let the consumer sleep after an alert")
	}
	if !c.Wait() || !c.Announce() {
		t.Fatal("two alerts are more than one")
	}
	wait.expect(t, 1)
}
