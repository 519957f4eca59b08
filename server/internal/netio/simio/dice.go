//go:build linux

package simio

import "math/rand/v2"

// Dice is the stream of random numbers that makes every decision.
type Dice struct{ *rand.Rand }

// NewDice returns the stream of a seed.
func NewDice(seed uint64) Dice { return Dice{rand.New(rand.NewPCG(seed, 0))} }

// OneIn returns true once in n times, or never if n is 0.
func (d Dice) OneIn(n int) bool { return n > 0 && d.IntN(n) == 0 }

// Between returns a number from low to high.
func (d Dice) Between(low, high int) int { return low + d.IntN(high-low+1) }

// Pick returns one of values.
func Pick[T any](d Dice, values ...T) T { return values[d.IntN(len(values))] }
