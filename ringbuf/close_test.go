package ringbuf

import (
	"runtime"
	"testing"
)

func TestCloseEmpty(t *testing.T) {
	eachKind(t, 4, func(t *testing.T, r *Ring[int]) {
		p, c := r.Producer(), r.Consumer()
		r.Close()
		r.Close()
		if _, ok := p.Claim(1); ok {
			t.Fatal("claimed from a closed ring")
		}
		if c.Wait() || c.Announce() {
			t.Fatal("Wait or Announce returned true on a ring that is closed and empty")
		}
		if got := r.Occupancy(); got != 0 {
			t.Fatalf("occupancy %d", got)
		}
	})
}

func TestCloseKeepsWhatWasPublished(t *testing.T) {
	eachKind(t, 4, func(t *testing.T, r *Ring[int]) {
		p, c := r.Producer(), r.Consumer()
		p.Publish(claim(t, p, 3), 3)
		r.Close()
		if !c.Wait() || c.Announce() {
			t.Fatal("Close hid slots that were published")
		}
		poll(t, c, 2, 2)
		if got := r.Occupancy(); got != 3 {
			t.Fatalf("occupancy %d, want 3", got)
		}
		if !c.Wait() {
			t.Fatal("Wait ended before the last slot")
		}
		poll(t, c, 2, 1)
		if c.Wait() {
			t.Fatal("Wait goes on after the last slot")
		}
		c.Release(3)
		if _, ok := p.Claim(1); ok {
			t.Fatal("releasing reopened the ring")
		}
	})
}

// A claim made before Close and published after it reaches the consumer. The
// consumer sleeps in between, so Announce must not take the ring for drained.
func TestCloseBetweenClaimAndPublish(t *testing.T) {
	eachKind(t, 4, func(t *testing.T, r *Ring[int]) {
		p, c := r.Producer(), r.Consumer()
		lo := claim(t, p, 2)
		r.Close()
		if !c.Announce() {
			t.Fatal("Announce found something before the publish")
		}
		p.Publish(lo, 2)
		c.Awake()
		if !c.Wait() {
			t.Fatal("Wait ended before a claimed slot")
		}
		poll(t, c, 4, 2)
		if c.Wait() {
			t.Fatal("Wait goes on after the last slot")
		}
	})
}

// Close ends Wait with every strategy, wherever the consumer is in Wait at that
// moment. The test ends only if Wait returns.
func TestCloseEndsWait(t *testing.T) {
	for _, s := range strategies {
		t.Run(s.name, func(t *testing.T) {
			for range 200 {
				r := newMPSC(4, s.make())
				c := r.Consumer()
				ended := make(chan bool)
				go func() { ended <- c.Wait() }()
				r.Close()
				if <-ended {
					t.Fatal("Wait returned true on an empty ring")
				}
			}
		})
	}
}

// Producers claim as fast as they can while another goroutine closes the ring. The
// consumer receives exactly the slots whose claims succeeded.
func TestCloseRacesWithClaims(t *testing.T) {
	for range 100 {
		r := newMPSC(8, NewBlock(0))
		c := r.Consumer()
		claimed := make(chan int)
		const producers = 3
		for range producers {
			p := r.Producer()
			go func() {
				count := 0
				for !r.closed.Load() {
					if lo, ok := p.Claim(1); ok {
						count++
						p.Publish(lo, 1)
					} else {
						runtime.Gosched()
					}
				}
				claimed <- count
			}()
		}
		polled := 0
		for c.Wait() {
			_, count := c.Poll(8)
			c.Release(count)
			if polled += count; polled > 20 {
				r.Close()
			}
		}
		for range producers {
			polled -= <-claimed
		}
		if polled != 0 {
			t.Fatalf("polled %+d slots more than were claimed", polled)
		}
	}
}
