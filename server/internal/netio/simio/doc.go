//go:build linux

// Package simio is a simulated kernel: a [netio.Backend] for tests of the connection state
// machine. It is stricter than a real kernel: a mistake that would cause corruption or a leak
// there is reported as a fault here.
//
// Everything runs in one goroutine. The machine calls the [Kernel]. Other actors, such as
// peers, move within that call, because the kernel lets the [World] move them. One stream of
// random numbers ([Dice]) makes every decision, so a seed determines a schedule.
package simio
