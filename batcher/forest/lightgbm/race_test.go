//go:build race

package lightgbm

// raceEnabled says that the race detector allocates, too.
const raceEnabled = true
