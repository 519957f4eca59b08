//go:build race

package xgboost

// raceEnabled says that the race detector allocates, too.
const raceEnabled = true
