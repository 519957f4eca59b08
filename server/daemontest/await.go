//go:build linux

package daemontest

import (
	"fmt"
	"time"
)

// Await calls condition until it returns true, and returns an error when it does
// not within the limit.
func Await(limit time.Duration, what string, condition func() bool) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(limit); !condition(); <-tick.C {
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %v in vain: %s", limit, what)
		}
	}
	return nil
}
