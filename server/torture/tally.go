//go:build linux

package main

import (
	"sync"
	"time"
)

// mostFaults is how many faults of one attack are told; more are counted.
const mostFaults = 8

// tally is what the peers of one attack did and found. Its fields may be read
// once the peers have ended.
type tally struct {
	Name       string   `json:"name"`
	Peers      int      `json:"peers"`
	Operations int64    `json:"operations"`  // its README says what one is
	Verified   int64    `json:"verified"`    // answers found right
	TurnedAway int64    `json:"turned_away"` // connections that ended before their first answer
	Wrong      int64    `json:"wrong"`       // answers found wrong
	Failed     int64    `json:"failed"`      // connections that the daemon owed more
	Faults     []string `json:"faults"`      // what happened to the first of these

	Stalls       int64         `json:"stalls"`           // that were TCP's
	LongestStall time.Duration `json:"longest_stall_ns"` // as it was last looked at
	StallState   string        `json:"stall_state"`      // what the kernel had then

	mu sync.Mutex
}

// did counts operations of the attack.
func (t *tally) did(operations int) { t.add(&t.Operations, operations) }

// found counts right answers.
func (t *tally) found(answers int) { t.add(&t.Verified, answers) }

func (t *tally) turnedAway() { t.add(&t.TurnedAway, 1) }

func (t *tally) add(to *int64, count int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*to += int64(count)
}

// stall notes what a look at a connection that TCP holds up found, and counts it
// when it is the first.
func (t *tally) stall(lasts time.Duration, state string, first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if first {
		t.Stalls++
	}
	if lasts > t.LongestStall {
		t.LongestStall, t.StallState = lasts, state
	}
}

// fault counts a connection on which the daemon did wrong.
func (t *tally) fault(err error, wrong bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if wrong {
		t.Wrong++
	} else {
		t.Failed++
	}
	if len(t.Faults) < mostFaults {
		t.Faults = append(t.Faults, t.Name+": "+err.Error())
	}
}
