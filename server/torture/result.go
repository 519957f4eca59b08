//go:build linux

package main

import "time"

// result is what a round found. Times are in nanoseconds in JSON.
type result struct {
	Placement  string           `json:"placement"`
	Round      string           `json:"round"`
	Attacks    []*tally         `json:"attacks"`
	Neighbours neighbours       `json:"neighbours"`
	Before     holding          `json:"before"` // the neighbours are connected, the attackers are not yet there
	Peak       holding          `json:"peak"`
	After      holding          `json:"after"`                 // the attackers are gone
	CPU        time.Duration    `json:"cpu_ns"`                // of the daemon, under attack
	Lasted     time.Duration    `json:"lasted_ns"`             // the attack
	Drain      time.Duration    `json:"drain_ns"`              // from SIGTERM to the daemon's end
	Restarts   []time.Duration  `json:"restarts_ns,omitempty"` // from kill -9 to the first answer
	Counts     map[string]int64 `json:"counts"`                // of the daemon's metrics
	Faults     []string         `json:"faults"`
}

// neighbours is what the neighbours found; the waits are those under attack.
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

// holding is what the daemon has at a moment.
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

// wrong is the answers that neighbours or attackers found wrong.
func (r *result) wrong() int {
	sum := r.Neighbours.Wrong
	for _, t := range r.Attacks {
		sum += int(t.Wrong)
	}
	return sum
}

// lost is the requests of neighbours, and connections of attackers, that the
// daemon owed more.
func (r *result) lost() int {
	sum := r.Neighbours.Lost
	for _, t := range r.Attacks {
		sum += int(t.Failed)
	}
	return sum
}

func (r *result) fault(what string) { r.Faults = append(r.Faults, what) }

// check notes an error as a fault and reports whether there was none.
func (r *result) check(err error) bool {
	if err != nil {
		r.fault(err.Error())
	}
	return err == nil
}
