//go:build linux

package eventfd_test

import (
	"testing"

	"github.com/disrust/disrust/eventfd"
	"pgregory.net/rapid"
)

func TestCountsAddUp(t *testing.T) { rapid.Check(t, countProperty) }

func FuzzEventFD(f *testing.F) { f.Fuzz(rapid.MakeFuzz(countProperty)) }

// countProperty makes any mix of calls on a few counters and compares them with plain
// numbers. It reads only counts above zero, because a Read of the others would block.
func countProperty(t *rapid.T) {
	const counters = 3
	var fds [counters]*eventfd.EventFD
	var counts [counters]uint64
	for i := range fds {
		e, err := eventfd.New()
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		fds[i] = e
	}
	which := rapid.IntRange(0, counters-1)
	t.Repeat(map[string]func(*rapid.T){
		"signal": func(t *rapid.T) {
			i := which.Draw(t, "counter")
			for range rapid.IntRange(1, 5).Draw(t, "times") {
				if err := fds[i].Signal(); err != nil {
					t.Fatal(err)
				}
				counts[i]++
			}
		},
		"read": func(t *rapid.T) {
			i := which.Draw(t, "counter")
			if counts[i] == 0 {
				return
			}
			if count, err := fds[i].Read(); count != counts[i] || err != nil {
				t.Fatalf("Read: %d, %v, the model says %d", count, err, counts[i])
			}
			counts[i] = 0
		},
	})
}
