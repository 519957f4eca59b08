//go:build linux && !race

package iothread

// defaultSeeds take about ten seconds.
const defaultSeeds = 20_000
