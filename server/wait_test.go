//go:build linux

package server

import (
	"slices"
	"testing"
)

// looks has w wait for work that never comes until it sleeps, and returns how often it
// asked for more.
func looks(w *waiter) (asked int) {
	for empty := 1; !w.Idle(empty); empty++ {
		asked++
	}
	return asked
}

// TestLooksInVainAreSkipped: after each, twice as many waits sleep at once, within
// bounds, until a look finds something.
func TestLooksInVainAreSkipped(t *testing.T) {
	w := newWaiter(WaitAuto, nil)
	skips := func(looksInVain int) (skips []int) {
		for range looksInVain {
			if looks(w) == 0 {
				t.Fatal("a wait that was to look slept at once")
			}
			n := 0
			for w.skips > 0 {
				if looks(w) != 0 {
					t.Fatal("a wait that was to sleep at once looked")
				}
				n++
			}
			skips = append(skips, n)
		}
		return skips
	}
	if got, want := skips(6), []int{1, 3, 7, 15, 15, 15}; !slices.Equal(got, want) {
		t.Errorf("slept at once %v times after looks in vain, want %v", got, want)
	}
	if w.Idle(1) {
		t.Fatal("slept at once")
	}
	// That look found work: its wait is over.
	if got, want := skips(2), []int{1, 3}; !slices.Equal(got, want) {
		t.Errorf("after one that found work: %v times, want %v", got, want)
	}
}

// TestNearAnswersAreLookedFor, however often looks for requests were in vain between them:
// a wait that counts from 2 neither sleeps at once nor tells of others.
func TestNearAnswersAreLookedFor(t *testing.T) {
	w, requests := newWaiter(WaitAuto, nil), 0
	for range 100 {
		if looks(w) > 0 {
			requests++
		}
		if w.Idle(2) {
			t.Fatal("slept at once while an answer was near")
		}
	}
	if requests > 10 {
		t.Errorf("looked for requests %d times of 100, each time in vain", requests)
	}
}

// TestOnlyAutoAndBlockSleep, and block never looks.
func TestOnlyAutoAndBlockSleep(t *testing.T) {
	for wait, sleeps := range map[Wait]bool{WaitBlock: true, WaitSpin: false, WaitYield: false} {
		w := newWaiter(wait, nil)
		for empty := range 10_000 {
			if w.Idle(empty+1) != sleeps {
				t.Errorf("wait %v sleeps after %d looks", wait, empty+1)
				break
			}
		}
	}
}
