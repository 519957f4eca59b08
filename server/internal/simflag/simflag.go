// Package simflag holds the flags of the simulation in internal/iothread. Every
// test package of the module imports it, so that each knows them when one command
// line goes to all: go test ./server/... -run Sim -sim.seeds 1000000
package simflag

import "flag"

var (
	// Seeds is how many schedules to simulate, those of the seeds 1 to Seeds.
	Seeds = flag.Int("sim.seeds", 0, "schedules to simulate (0: about ten seconds' worth)")

	// Seed is the one schedule to replay.
	Seed = flag.Uint64("sim.seed", 0, "replay the schedule of this seed and print all that happens")
)
