//go:build linux

package main

import "time"

// result is what a round found. Its JSON has durations in nanoseconds.
type result struct {
	Placement  string           `json:"placement"`
	Round      string           `json:"round"`
	Attacks    []*tally         `json:"attacks"`
	Neighbours neighbours       `json:"neighbours"`
	Before     holding          `json:"before"` // when the neighbours are connected, before the attack
	Peak       holding          `json:"peak"`
	After      holding          `json:"after"`                 // when the attackers have left
	CPU        time.Duration    `json:"cpu_ns"`                // of the daemon, during the attack
	Lasted     time.Duration    `json:"lasted_ns"`             // how long the attack lasted
	Drain      time.Duration    `json:"drain_ns"`              // from SIGTERM to the daemon's end
	Restarts   []time.Duration  `json:"restarts_ns,omitempty"` // from kill -9 to the first answer
	Counts     map[string]int64 `json:"counts"`                // the daemon's counters
	Faults     []string         `json:"faults"`
}

// neighbours is what the neighbours found. The waits are those during the attack.
type neighbours struct {
	Connections int           `json:"connections"`
	Verified    int           `json:"verified"`
	Wrong       int           `json:"wrong"`
	Lost        int           `json:"lost"`
	P50         time.Duration `json:"p50_ns"`
	P99         time.Duration `json:"p99_ns"`
	P999        time.Duration `json:"p999_ns"`
	Worst       time.Duration `json:"worst_ns"`
}

// holding is what the daemon holds at one moment.
type holding struct {
	Bytes       int `json:"resident_bytes"`
	Descriptors int `json:"descriptors"`
}

func newResult(p plan) result {
	return result{Placement: p.placement.name, Round: p.name, Attacks: []*tally{}, Faults: []string{}}
}

// peers and operations are sums over a round's attacks.
func (r *result) peers() (sum int) {
	for _, t := range r.Attacks {
		sum += t.Peers
	}
	return sum
}

func (r *result) operations() (sum int64) {
	for _, t := range r.Attacks {
		sum += t.Operations
	}
	return sum
}

// wrong is the number of answers that neighbours and attackers found wrong.
func (r *result) wrong() int {
	sum := r.Neighbours.Wrong
	for _, t := range r.Attacks {
		sum += int(t.Wrong)
	}
	return sum
}

// lost is the number of neighbours' requests that the daemon did not answer, and of attackers'
// connections on which it still owed something.
func (r *result) lost() int {
	sum := r.Neighbours.Lost
	for _, t := range r.Attacks {
		sum += int(t.Failed)
	}
	return sum
}

// keep adds what neighbours or newcomers found.
func (r *result) keep(found score) {
	r.Neighbours.Verified += found.verified
	r.Neighbours.Wrong += found.wrong
	r.Neighbours.Lost += found.lost
	r.Faults = append(r.Faults, found.faults...)
}

func (r *result) fault(what string) { r.Faults = append(r.Faults, what) }

// check records an error as a fault. It reports whether err is nil.
func (r *result) check(err error) bool {
	if err != nil {
		r.fault(err.Error())
	}
	return err == nil
}
