//go:build linux && race

package loop

// defaultSeeds is a number of seeds that takes about ten seconds.
const defaultSeeds = 2_000
