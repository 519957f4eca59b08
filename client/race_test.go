//go:build race

package client

// raceEnabled says that a sync.Pool may drop its contents at random.
const raceEnabled = true
