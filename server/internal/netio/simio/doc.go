//go:build linux

// Package simio is a simulated kernel: a [netio.Backend] for tests of the connection
// state machine. It is as strict as a real one is where that matters: what a real
// kernel would turn into corruption or into a leak is a fault here.
//
// One goroutine runs everything. The machine calls the [Kernel], and what others do
// meanwhile happens within that call: the [World] moves them. One stream of random
// numbers ([Dice]) decides everything, so a seed is a schedule.
package simio
