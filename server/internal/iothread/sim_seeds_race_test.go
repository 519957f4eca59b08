//go:build linux && race

package iothread

// defaultSeeds take about ten seconds.
const defaultSeeds = 2_000
