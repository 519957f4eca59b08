//go:build !race

package catboost

const raceEnabled = false
