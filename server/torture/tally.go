//go:build linux

package main

import (
	"sync"
	"time"
)

// maxFaults is how many faults of one attack are reported in words. Further faults are only
// counted.
const maxFaults = 8

// tally is what the peers of one attack did and found. Read its fields only after the peers
// have ended.
type tally struct {
	Name       string   `json:"name"`
	Peers      int      `json:"peers"`
	Operations int64    `json:"operations"`  // the README says what an operation of each attack is
	Verified   int64    `json:"verified"`    // answers found right
	TurnedAway int64    `json:"turned_away"` // connections that ended before their first answer
	Wrong      int64    `json:"wrong"`       // answers found wrong
	Failed     int64    `json:"failed"`      // connections on which the daemon still owed something
	Faults     []string `json:"faults"`      // describes the first of Wrong and Failed

	Stalls       int64         `json:"stalls"`           // stalls by TCP
	LongestStall time.Duration `json:"longest_stall_ns"` // how long it had lasted at the last look
	StallState   string        `json:"stall_state"`      // what the kernel knew of both ends then

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

// stall records the state of a connection on which TCP stalls, and how long the stall has
// lasted. At the first look at a stall it counts the stall.
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

// fault counts a connection on which the daemon had a fault: a wrong answer or another.
func (t *tally) fault(err error, wrong bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if wrong {
		t.Wrong++
	} else {
		t.Failed++
	}
	if len(t.Faults) < maxFaults {
		t.Faults = append(t.Faults, t.Name+": "+err.Error())
	}
}
