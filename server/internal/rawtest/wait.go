//go:build linux

package rawtest

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// TB is what a helper needs of a test. *testing.T and *rapid.T implement it.
type TB interface {
	Helper()
	Fatal(args ...any)
}

// Check ends the test when err is not nil.
func Check(t TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Until waits until condition returns true. It ends the test if that takes too long. what
// describes the condition.
func Until(t TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(hangTimeout()); !condition(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal(fmt.Sprintf("timed out after %v: %s", hangTimeout(), what))
		}
	}
}

// Each runs work(0) to work(count-1) in parallel and returns their errors, joined.
func Each(count int, work func(i int) error) error {
	errs := make([]error, count)
	var group sync.WaitGroup
	for i := range count {
		group.Go(func() {
			if err := work(i); err != nil {
				errs[i] = fmt.Errorf("client %d: %w", i, err)
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}
