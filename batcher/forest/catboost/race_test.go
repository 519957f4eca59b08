//go:build race

package catboost

// raceEnabled says that the race detector allocates, too.
const raceEnabled = true
