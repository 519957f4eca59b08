//go:build linux

package rawtest

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"

	"github.com/disrust/disrust/server/metrics"
)

// leftovers lists what a server without clients still holds, or returns "".
func leftovers(m metrics.Snapshot) string {
	var left []string
	note := func(what string, count int64) {
		if count != 0 {
			left = append(left, fmt.Sprintf("%d %s", count, what))
		}
	}
	note("connections", m.Conns)
	note("requests in flight", m.InFlight)
	note("pool bytes in use", m.PoolBytes)
	note("receive buffers held", m.BuffersHeld)
	note("blocks in use", m.BlocksInUse)
	note("requests in a ring", m.RequestsInRing)
	note("responses in a ring", m.ResponsesInRing)
	return strings.Join(left, ", ")
}

// ofServer matches the stack of a goroutine that the server, or this package, started.
var ofServer = regexp.MustCompile(`created by github\.com/disrust/disrust/server(\.|/internal/)`)

// Goroutines returns how many goroutines of servers there are, without this package's.
func Goroutines() int { return len(serverGoroutines()) }

// serverGoroutines returns the stacks of the server's goroutines, without this package's.
func serverGoroutines() []string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var stacks []string
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		if ofServer.MatchString(stack) && !strings.Contains(stack, "created by github.com/disrust/disrust/server/internal/rawtest") {
			stacks = append(stacks, stack)
		}
	}
	return stacks
}
