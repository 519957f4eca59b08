//go:build linux && race

package loop

// defaultSeeds take about ten seconds.
const defaultSeeds = 2_000
