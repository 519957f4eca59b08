// Package testflag holds the flags of the module's tests. Every test package of
// the module imports it, so that each knows them when one command line goes to
// all; the packages stand first, as go test wants them:
//
//	go test ./server/... -tiny
//	go test ./server/... -run Sim -sim.seeds 1000000
package testflag

import "flag"

var (
	// Tiny has every server and daemon start with rings of four slots and the
	// smallest pool, but for tests whose subject those sizes are.
	Tiny = flag.Bool("tiny", false, "start servers with rings of four slots and the smallest pool")

	// SimSeeds is how many schedules to simulate, those of the seeds 1 to
	// SimSeeds.
	SimSeeds = flag.Int("sim.seeds", 0, "schedules to simulate (0: about ten seconds' worth)")

	// SimSeed is the one schedule to replay.
	SimSeed = flag.Uint64("sim.seed", 0, "replay the schedule of this seed and print all that happens")
)
