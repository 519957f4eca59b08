//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/disrust/disrust/server/daemontest"
	"github.com/disrust/disrust/server/internal/rawtest"
)

// TestOutOfDescriptors connects more clients than the daemon has descriptors for. The daemon
// serves those that it has accepted, does not spin on those that it cannot accept, and
// accepts them as others leave.
func TestOutOfDescriptors(t *testing.T) {
	eachPlacement(t, func(t *testing.T, flags []string) {
		t.Parallel()
		const count = 100
		limited := []string{"sh", "-c", `ulimit -n 48; exec "$0" "$@"`}
		limited = append(limited, small("--metrics", "--metrics-interval", "50ms")...)
		d := daemontest.Start(t, append(limited, flags...)...)
		answered := make(chan *rawtest.Client, count)
		lost := make(chan error, count)
		for i := range count {
			c := dial(t, d.Addr)
			go func() {
				if err := roundTrip(c, rawtest.Source{Dim: 128, Client: i}, 0); err != nil {
					lost <- err
					return
				}
				answered <- c
			}()
		}
		next := func() *rawtest.Client {
			select {
			case c := <-answered:
				return c
			case err := <-lost:
				t.Fatalf("a connection was lost: %v", err)
				return nil
			}
		}
		first := next()
		rawtest.Until(t, "an accept fails", func() bool { return total(t, d, "accept_errors") > 0 })
		before := d.CPU(t)
		<-time.After(time.Second) // the test measures an idle time
		if used := d.CPU(t) - before; used > time.Second/10 {
			t.Errorf("a daemon that can accept no connection ran for %v of 1s", used)
		}
		for seq := range 200 {
			rawtest.Check(t, roundTrip(first, rawtest.Source{Dim: 128}, seq))
		}
		rawtest.Check(t, first.Close())
		for range count - 1 { // each client that leaves makes room for another
			rawtest.Check(t, next().Close())
		}
	})
}

// TestRuntimeHasItsDescriptors: Go's runtime opens its poller with the first timer, and
// crashes if it cannot. The poller must thus be open before connections can take all
// descriptors.
func TestRuntimeHasItsDescriptors(t *testing.T) {
	d := start(t, "--io", "uring")
	open, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", d.Pid()))
	rawtest.Check(t, err)
	if !slices.ContainsFunc(open, func(fd string) bool {
		to, _ := os.Readlink(fd)
		return to == "anon_inode:[eventpoll]"
	}) {
		t.Errorf("none of the %d descriptors is the poller's", len(open))
	}
}
